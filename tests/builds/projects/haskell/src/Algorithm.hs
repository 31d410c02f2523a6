module Algorithm (apply) where

import Data.List.Split (splitOn)

apply :: String -> [String]
apply = splitOn ", "
