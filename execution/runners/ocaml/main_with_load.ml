let () = Agora.serve ~load:{Module}.load ~apply:{Module}.apply
