;; Run at build: compiles the namespaces of the files that are named, beside src, into the folder that is named first.
(let [[output & files] *command-line-args*]
  (binding [*compile-path* output]
    (doseq [file files]
      (let [path (second (re-matches #"(?:src/)?(.*)\.clj" file))]
        (compile (symbol (.. path (replace "/" ".") (replace "_" "-"))))))))
