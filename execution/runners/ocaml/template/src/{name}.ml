(* Runs once, before the first call. What it returns is handed to every apply. *)
let load () = "Hello"

(* Answers one call. The input is what the caller sent: JSON as Yojson.Safe has it, with `String for text, or `Binary of a
   string. *)
let apply (input : Agora.data) greeting : Agora.data =
  match input with
  | `String name -> `String (greeting ^ ", " ^ name ^ "!")
  | _ -> failwith "the input must be text"
