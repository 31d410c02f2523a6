(* Answers calls to one algorithm in OCaml: one line of JSON in, one out, on the call channel (descriptor 3). A build
   compiles it together with the author's modules; the stage of the warm slot has said ready, and hands over the order to
   load. What the algorithm prints goes to the log pipe (descriptors 1 and 2). *)

(* What an algorithm takes and answers: values as Yojson has them, or bytes. *)
type data = [ Yojson.Safe.t | `Binary of string ]

(* What an algorithm may answer besides: chunks, sent as the sequence is forced. *)
type answer = [ data | `Seq of data Seq.t ]

let channel : Unix.file_descr = Obj.magic 3 (* on Unix a descriptor is its number *)

let send line =
  let bytes = Bytes.unsafe_of_string (line ^ "\n") in
  let rec go from =
    if from < Bytes.length bytes then go (from + Unix.write channel bytes from (Bytes.length bytes - from))
  in
  flush_all ();
  go 0

let message_of = function
  | Failure text | Invalid_argument text | Sys_error text -> text
  | error -> Printexc.to_string error

(* One error line. The frames that are ours are left out. *)
let error_line error trace =
  let ours frame = String.length frame > 17 && String.sub frame 0 17 = "Called from Agora" in
  let frames = List.filter (fun frame -> not (ours frame)) (String.split_on_char '\n' trace) in
  let text = String.concat "\n" (Printexc.to_string error :: frames) in
  Yojson.Safe.to_string
    (`Assoc
      [
        ( "error",
          `Assoc
            [
              ("message", `String (message_of error));
              ("stacktrace", `String text);
              ("error_type", `String (Printexc.exn_slot_name error));
            ] );
      ])

let guarded action =
  match action () with
  | line -> Ok line
  | exception error ->
      let trace = Printexc.get_backtrace () in
      Error (error_line error trace)

let line_of key : data -> string = function
  | `Binary bytes ->
      Printf.sprintf {|{"%s":"%s","metadata":{"content_type":"binary"}}|} key (Base64.encode_string bytes)
  | #Yojson.Safe.t as value ->
      let kind = match value with `String _ -> "text" | _ -> "json" in
      let text = Yojson.Safe.to_string ~std:true value in
      Printf.sprintf {|{"%s":%s,"metadata":{"content_type":"%s"}}|} key text kind

(* Sends the chunks, if there are any; the last line is left. *)
let result_line : answer -> string = function
  | `Seq chunks ->
      let send_chunk _ chunk = send (line_of "chunk" chunk); `Null in
      line_of "result" (Seq.fold_left send_chunk (`List []) chunks)
  | #data as value -> line_of "result" value

let with_id id line =
  match id with
  | `String _ -> Printf.sprintf {|%s,"id":%s}|} (String.sub line 0 (String.length line - 1)) (Yojson.Safe.to_string id)
  | _ -> line

let field name value = Yojson.Safe.Util.member name value

let input_of request : data =
  match (field "content_type" request, field "data" request) with
  | `String "binary", `String text -> `Binary (Base64.decode_exn text)
  | _, value -> (value :> data)

let prepare order =
  (match field "environment_variables" order with
  | `Assoc variables -> List.iter (fun (name, value) -> Unix.putenv name (Yojson.Safe.Util.to_string value)) variables
  | _ -> ());
  Unix.chdir (Yojson.Safe.Util.to_string (field "directory" order))

let microseconds () = int_of_float (Unix.gettimeofday () *. 1e6)

(* Loads the version and answers until the channel closes. *)
let serve ~(load : unit -> 'state) ~(apply : data -> 'state -> answer) =
  let started = microseconds () in
  Printexc.record_backtrace true;
  Unix.set_close_on_exec channel;
  let loaded =
    guarded (fun () ->
        prepare (field "load" (Yojson.Safe.from_file Sys.argv.(1)));
        load ())
  in
  match loaded with
  | Error line ->
      send line;
      exit 1
  | Ok state ->
      send (Printf.sprintf {|{"loaded":{"duration_us":%d}}|} (microseconds () - started));
      let requests = Unix.in_channel_of_descr channel in
      let rec answer () =
        match input_line requests with
        | exception End_of_file -> ()
        | line ->
            let id = ref `Null in
            let respond () =
              let request = Yojson.Safe.from_string line in
              id := field "id" request;
              result_line (apply (input_of request) state)
            in
            (match guarded respond with Ok text | Error text -> send (with_id !id text));
            answer ()
      in
      answer ()
