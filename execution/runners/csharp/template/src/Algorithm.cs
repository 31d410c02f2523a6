/// <summary>Made once, before the first call: its fields keep what all calls share.</summary>
public class Algorithm
{
    string greeting;

    /// <summary>Runs once, before the first call.</summary>
    public void Load()
    {
        greeting = "Hello";
    }

    /// <summary>
    /// Answers one call. Give the input the type that you want: object, string, byte[], a number, List, Dictionary, or a
    /// class of your own. What is returned becomes text, binary or JSON in the same way.
    /// </summary>
    public string Apply(string input)
    {
        return greeting + ", " + input + "!";
    }
}
