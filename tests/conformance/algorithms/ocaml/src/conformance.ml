let load () =
  if Sys.file_exists "fail_load.txt" then failwith "no model";
  ref 0

let print_much mebibytes =
  ignore (Sys.command "echo from a child");
  let line = String.make 1023 'x' in
  for _ = 1 to mebibytes * 1024 do print_endline line done;
  `String "printed"

let hog () =
  let held = ref [] in
  while true do held := Bytes.make 1_048_576 'x' :: !held done;
  `Int (List.length !held)

let rec loop () = loop ()

let spawn () =
  for _ = 1 to 2000 do
    ignore (Unix.create_process "sleep" [| "sleep"; "60" |] Unix.stdin Unix.stdout Unix.stderr)
  done;
  `Null

let count_to last : Agora.data Seq.t =
  Seq.unfold (fun number -> if number > last then None else Some (`Int number, number + 1)) 1

let act action input count : Agora.answer =
  match action with
  | "text" -> `String "tëxt 🍎"
  | "bytes" -> `Binary "\000\255\010\128"
  | "count" -> incr count; `Int !count
  | "raise" -> raise (Invalid_argument "deliberate 🍎")
  | "exit" -> Unix._exit 3
  | "loop" -> loop ()
  | "stream" -> `Seq (count_to Yojson.Safe.Util.(to_int (member "count" input)))
  | "print" -> print_much (Yojson.Safe.Util.(to_int (member "mebibytes" input)))
  | "hog" -> hog ()
  | _ -> spawn ()

let apply (input : Agora.data) count : Agora.answer =
  match input with
  | `Assoc values as value -> (
      match List.assoc_opt "do" values with Some (`String action) -> act action value count | _ -> (input :> Agora.answer))
  | _ -> (input :> Agora.answer)
