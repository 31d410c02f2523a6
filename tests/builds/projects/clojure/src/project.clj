(ns project
  (:refer-clojure :exclude [apply])
  (:import (org.apache.commons.lang3 StringUtils)))

(defn apply [input]
  (StringUtils/reverse input))
