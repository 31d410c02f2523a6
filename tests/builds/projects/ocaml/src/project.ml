let apply (input : Agora.data) : Agora.data =
  match input with
  | `String text -> `Int (List.length (Csv.input_all (Csv.of_string text)))
  | _ -> failwith "the input must be text"
