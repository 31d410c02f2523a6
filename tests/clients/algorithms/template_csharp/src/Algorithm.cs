using System;

namespace Algo
{
    class Algorithm
    {
        public static string apply(string input)
        {
            if (input == "fail") throw new Exception("no greeting for fail");
            return "Hello " + input;
        }
    }
}
