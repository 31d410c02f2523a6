(ns {name}
  (:refer-clojure :exclude [apply load]))

(defn load
  "Runs once, before the first call. What it returns is handed to every apply."
  []
  {:greeting "Hello"})

(defn apply
  "Answers one call. The input is what the caller sent: a JSON value (with strings as keys), text or binary (bytes)."
  [input state]
  (str (:greeting state) ", " input "!"))
