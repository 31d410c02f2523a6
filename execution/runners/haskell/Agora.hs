{-# LANGUAGE FlexibleInstances #-}
{-# LANGUAGE OverloadedStrings #-}
{-# LANGUAGE ScopedTypeVariables #-}
{-# LANGUAGE UndecidableInstances #-}

-- | Answers calls to one algorithm in Haskell: one line of JSON in, one out, on the call channel (descriptor 3). A build
-- compiles it together with the author's modules; the stage of the warm slot has said ready, and hands over the order to
-- load. What the algorithm prints goes to the log pipe (descriptors 1 and 2).
module Agora (Data (..), Stream (..), Input (..), Output (..), Answer (..), serve) where

import Control.Exception
import Control.Monad (unless)
import Data.Aeson
import Data.Aeson.Types (emptyArray, parseEither, parseMaybe)
import qualified Data.ByteString as B
import qualified Data.ByteString.Base64 as Base64
import qualified Data.ByteString.Char8 as B8
import qualified Data.ByteString.Lazy as L
import qualified Data.Map.Strict as Map
import qualified Data.Text as T
import qualified Data.Text.Encoding as T
import Data.Typeable (typeOf)
import GHC.Clock (getMonotonicTimeNSec)
import System.Directory (setCurrentDirectory)
import System.Environment (getArgs, setEnv)
import System.Exit
import System.IO
import System.IO.Error (isEOFError)
import System.Posix.IO (FdOption (CloseOnExec), fdToHandle, setFdOption)
import System.Posix.Types (Fd)

-- | Whatever a caller sent, or is to get. Text is a JSON string. Chunks, which no input has, go out one by one.
data Data = Json Value | Binary B.ByteString | Chunks [Data]

-- | A lazy list that is to go out in chunks, each as soon as it is there.
newtype Stream a = Stream [a]

-- | What apply may take: any type with FromJSON, ByteString for binary, or Data.
class Input a where
  fromData :: Data -> Either String a

instance Input Data where
  fromData = Right

instance Input B.ByteString where
  fromData (Binary bytes) = Right bytes
  fromData _ = Left "the input is JSON or text where binary is wanted"

instance {-# OVERLAPPABLE #-} FromJSON a => Input a where
  fromData (Json value) = parseEither parseJSON value
  fromData _ = Left "the input is binary where JSON or text is wanted"

-- | What apply may answer: any type with ToJSON, ByteString for binary, or Data.
class Output b where
  toData :: b -> Data

instance Output Data where
  toData = id

instance Output B.ByteString where
  toData = Binary

instance Output b => Output (Stream b) where
  toData (Stream chunks) = Chunks (map toData chunks)

instance {-# OVERLAPPABLE #-} ToJSON b => Output b where
  toData = Json . toJSON

-- | apply may be pure, or act in IO.
class Answer r where
  run :: r -> IO Data

instance Output b => Answer (IO b) where
  run action = toData <$> action

instance {-# OVERLAPPABLE #-} Output b => Answer b where
  run = return . toData

channel :: Fd
channel = 3

-- | Loads the version and answers until the channel closes.
serve :: (Input a, Answer r) => IO s -> (a -> s -> r) -> IO ()
serve load apply = do
  started <- getMonotonicTimeNSec
  mapM_ (`hSetEncoding` utf8) [stdout, stderr]
  setFdOption channel CloseOnExec True
  handle <- fdToHandle channel
  hSetBinaryMode handle True
  hSetBuffering handle (BlockBuffering Nothing)
  loaded <- try (prepare >> load >>= evaluate)
  case loaded of
    Left problem -> send handle (errorLine problem) >> exitWith (ExitFailure 1)
    Right state -> do
      ended <- getMonotonicTimeNSec
      let duration = (ended - started) `div` 1000
      send handle (L.toStrict (encode (object ["loaded" .= object ["duration_us" .= duration]])))
      answerAll handle (`apply` state)

answerAll :: (Input a, Answer r) => Handle -> (a -> r) -> IO ()
answerAll handle apply = do
  received <- try (B8.hGetLine handle)
  case received of
    Left problem | isEOFError problem -> return ()
    Left problem -> throwIO problem
    Right line -> do
      result <- try (respond handle line apply)
      send handle (withId line (either errorLine id result))
      answerAll handle apply

send :: Handle -> B.ByteString -> IO ()
send handle line = do
  hFlush stdout
  B.hPut handle line
  B.hPut handle "\n"
  hFlush handle

prepare :: IO ()
prepare = do
  arguments <- getArgs
  text <- B.readFile (concat (take 1 arguments))
  order <- orFail (eitherDecodeStrict text >>= parseEither (withObject "order" (.: "load")))
  variables <- orFail (parseEither (withObject "load" (\fields -> fields .:? "environment_variables" .!= Map.empty)) order)
  mapM_ (uncurry setEnv) (Map.toList (variables :: Map.Map String String))
  directory <- orFail (parseEither (withObject "load" (.: "directory")) order)
  unless (null (directory :: String)) (setCurrentDirectory directory)

orFail :: Either String a -> IO a
orFail = either (ioError . userError) return

-- | The answer says which request it is for.
withId :: B.ByteString -> B.ByteString -> B.ByteString
withId line answer = case decodeStrict line >>= parseMaybe (withObject "request" (.: "id")) of
  Just (String identity) -> B.concat [B.init answer, ",\"id\":", L.toStrict (encode identity), "}"]
  _ -> answer

-- | The whole last line, so that what goes wrong while it is written goes wrong here.
respond :: (Input a, Answer r) => Handle -> B.ByteString -> (a -> r) -> IO B.ByteString
respond handle line apply = do
  (kind, content) <- orFail (eitherDecodeStrict line >>= parseEither request)
  received <- orFail (received kind content)
  input <- orFail (fromData received)
  run (apply input) >>= finish
  where
    finish (Chunks chunks) = do
      mapM_ (\chunk -> evaluate (lineOf "chunk" chunk) >>= send handle) chunks
      return (lineOf "result" (Json (if null chunks then emptyArray else Null)))
    finish result = evaluate (lineOf "result" result)
    request = withObject "request" (\fields -> (,) <$> fields .: "content_type" <*> fields .: "data")
    received :: T.Text -> Value -> Either String Data
    received "binary" content = Binary <$> (parseEither parseJSON content >>= Base64.decode . T.encodeUtf8)
    received _ content = Right (Json content)

lineOf :: B.ByteString -> Data -> B.ByteString
lineOf key (Binary bytes) =
  B.concat ["{\"", key, "\":\"", Base64.encode bytes, "\",\"metadata\":{\"content_type\":\"binary\"}}"]
lineOf _ (Chunks _) = throw (TypeError "a stream is a whole result, not a part of one")
lineOf key (Json value) =
  B.concat ["{\"", key, "\":", L.toStrict (encode value), ",\"metadata\":{\"content_type\":\"", kind, "\"}}"]
  where
    kind = case value of
      String _ -> "text"
      _ -> "json"

-- | One error line: the message, the type, and where `error` was called.
errorLine :: SomeException -> B.ByteString
errorLine problem@(SomeException inner) = L.toStrict (encode (object ["error" .= body]))
  where
    body = object ["message" .= message, "stacktrace" .= displayException problem, "error_type" .= show (typeOf inner)]
    message = case fromException problem of
      Just (ErrorCall text) -> text
      Nothing -> displayException problem
