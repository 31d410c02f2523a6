module Main (main) where

import qualified Agora
import qualified {module} as Algorithm

main :: IO ()
main = Agora.serve (return ()) (\input () -> Algorithm.apply input)
