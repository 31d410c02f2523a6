let () = Agora.serve ~load:(fun () -> ()) ~apply:(fun input () -> ({Module}.apply input :> Agora.answer))
