module Algorithm (apply, load) where

newtype State = State {greeting :: String}

-- | Runs once, before the first call. What it returns is handed to every apply.
load :: IO State
load = return (State "Hello")

-- | Answers one call. Give the input any type with FromJSON, or ByteString for binary; the result has ToJSON, or is a
-- ByteString. It may be in IO.
apply :: String -> State -> String
apply input state = greeting state ++ ", " ++ input ++ "!"
