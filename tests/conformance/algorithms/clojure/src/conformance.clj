(ns conformance
  (:refer-clojure :exclude [apply load])
  (:require [clojure.java.io :as io]))

(defn load []
  (when (.exists (io/file "/algorithm/fail_load.txt")) (throw (ex-info "no model" {})))
  (atom 0))

(defn print-much [mebibytes]
  (.. (ProcessBuilder. ["echo" "from a child"]) inheritIO start waitFor)
  (dotimes [_ (* mebibytes 1024)] (println (.repeat "x" 1023)))
  "printed")

(defn apply [input state]
  (case (when (map? input) (get input "do"))
    nil input
    "text" "tëxt 🍎"
    "bytes" (byte-array [0 -1 10 -128])
    "count" (swap! state inc)
    "raise" (throw (IllegalArgumentException. "deliberate 🍎"))
    "exit" (.halt (Runtime/getRuntime) 3)
    "loop" (while true (Thread/onSpinWait))
    "stream" (take (get input "count") (iterate inc 1))
    "print" (print-much (get input "mebibytes"))
    "hog" (loop [held []] (recur (conj held (byte-array 1048576))))
    (dotimes [_ 2000] (.start (ProcessBuilder. ["sleep" "60"])))))
