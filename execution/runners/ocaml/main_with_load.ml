let () = Agora.serve ~load:{Module}.load ~apply:(fun input state -> ({Module}.apply input state :> Agora.answer))
