(* Answers calls to one algorithm in OCaml: one line of JSON in, one out, on the call channel (descriptor 3). A build
   compiles it together with the author's modules; the stage of the warm slot has said ready, and hands over the order to
   load. What the algorithm prints goes to the log pipe (descriptors 1 and 2). *)

(* What an algorithm takes and answers: values as Yojson has them, or bytes. *)
type data = [ Yojson.Safe.t | `Binary of string ]

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

let result_line : data -> string = function
  | `Binary bytes ->
      Printf.sprintf {|{"result":"%s","metadata":{"content_type":"binary"}}|} (Base64.encode_string bytes)
  | #Yojson.Safe.t as value ->
      let kind = match value with `String _ -> "text" | _ -> "json" in
      let text = Yojson.Safe.to_string ~std:true value in
      Printf.sprintf {|{"result":%s,"metadata":{"content_type":"%s"}}|} text kind

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
let serve ~(load : unit -> 'state) ~(apply : data -> 'state -> data) =
  let started = microseconds () in
  Printexc.record_backtrace true;
  Unix.set_close_on_exec channel;
  let loaded =
    guarded (fun () ->
        prepare (field "load" (Yojson.Safe.from_string Sys.argv.(1)));
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
            let respond () = result_line (apply (input_of (Yojson.Safe.from_string line)) state) in
            (match guarded respond with Ok text | Error text -> send text);
            answer ()
      in
      answer ()
