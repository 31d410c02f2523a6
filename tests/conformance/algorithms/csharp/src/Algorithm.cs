using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;

public class Algorithm
{
    int count;

    public void Load()
    {
        if (File.Exists("fail_load.txt")) throw new InvalidOperationException("no model");
    }

    public object Apply(object input)
    {
        var values = input as Dictionary<string, object>;
        if (values == null || !values.ContainsKey("do")) return input;
        switch ((string)values["do"])
        {
            case "text": return "tëxt 🍎";
            case "bytes": return new byte[] { 0, 255, 10, 128 };
            case "count": return ++count;
            case "raise": throw new ArgumentException("deliberate 🍎");
            case "exit": Environment.Exit(3); return null;
            case "loop": while (true) { }
            case "stream": return CountTo((long)values["count"]);
            case "print": return Print((long)values["mebibytes"]);
            case "hog": return Hog();
            default: return Spawn();
        }
    }

    IEnumerable<long> CountTo(long last)
    {
        for (var number = 1L; number <= last; number++) yield return number;
    }

    object Print(long mebibytes)
    {
        Process.Start(new ProcessStartInfo("echo", "from a child") { UseShellExecute = false }).WaitForExit();
        var line = new string('x', 1023);
        for (var number = 0; number < mebibytes * 1024; number++) Console.WriteLine(line);
        return "printed";
    }

    object Hog()
    {
        var held = new List<byte[]>();
        while (true)
        {
            held.Add(new byte[1 << 20]);
            for (var index = 0; index < 1 << 20; index += 4096) held[held.Count - 1][index] = 1;
        }
    }

    object Spawn()
    {
        for (var number = 0; number < 2000; number++) Process.Start(new ProcessStartInfo("sleep", "60") { UseShellExecute = false });
        return null;
    }
}
