using System.Linq;
using Newtonsoft.Json.Linq;

public class Algorithm
{
    public string Apply(string input)
    {
        return string.Join(" and ", JObject.Parse(input)["words"].Select(word => (string)word));
    }
}
