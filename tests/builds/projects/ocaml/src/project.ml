let apply (input : Agora.data) : Agora.data =
  match input with
  | `String text -> `List (List.map (fun part -> `String part) (Stringext.full_split text ~on:',' |> List.filter (fun part -> part <> ",") |> List.map String.trim))
  | _ -> failwith "the input must be text"
