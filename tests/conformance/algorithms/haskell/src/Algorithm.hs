{-# LANGUAGE OverloadedStrings #-}

module Algorithm (apply, load) where

import Agora (Data (..), Stream (..), toData)
import Control.Monad (forever, replicateM_, when)
import Data.Aeson
import qualified Data.Aeson.KeyMap as KeyMap
import qualified Data.ByteString as B
import Data.IORef
import Data.Text (Text)
import System.Directory (doesFileExist)
import System.Exit (ExitCode (..))
import System.Posix.Process (exitImmediately)
import System.Process (callCommand, spawnProcess)

load :: IO (IORef Int)
load = do
  missing <- doesFileExist "fail_load.txt"
  when missing (error "no model")
  newIORef 0

apply :: Data -> IORef Int -> IO Data
apply input count = case input of
  Json (Object fields) | Just (String action) <- KeyMap.lookup "do" fields -> act action fields count
  _ -> return input

act :: Text -> Object -> IORef Int -> IO Data
act "text" _ _ = return (Json "tëxt 🍎")
act "bytes" _ _ = return (Binary (B.pack [0, 255, 10, 128]))
act "count" _ count = modifyIORef' count (+ 1) >> Json . toJSON <$> readIORef count
act "raise" _ _ = error "deliberate 🍎"
act "exit" _ _ = exitImmediately (ExitFailure 3) >> return (Json Null)
act "loop" _ count = forever (modifyIORef' count (+ 1))
act "stream" fields _ = do
  let Just (Number count) = KeyMap.lookup "count" fields
  return (toData (Stream [1 .. truncate count :: Int]))
act "print" fields _ = do
  callCommand "echo from a child"
  let Just (Number mebibytes) = KeyMap.lookup "mebibytes" fields
  replicateM_ (truncate mebibytes * 1024) (putStrLn (replicate 1023 'x'))
  return (Json "printed")
act "hog" _ _ = hog []
act _ _ _ = replicateM_ 2000 (spawnProcess "sleep" ["60"]) >> return (Json Null)

hog :: [B.ByteString] -> IO Data
hog held = do
  let more = B.replicate 1048576 (fromIntegral (length held))
  more `seq` hog (more : held)
