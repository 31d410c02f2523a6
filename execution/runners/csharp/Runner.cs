using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Agora
{
    /// <summary>
    /// Answers calls to one algorithm in C#: one line of JSON in, one out, on the call channel (descriptor 3, where the
    /// manifest's command moves it). What the algorithm prints goes to the log pipe (descriptors 1 and 2).
    /// </summary>
    static class Runner
    {
        const int Channel = 3, SetFlags = 2, CloseOnExec = 1, ReadBuffer = 1 << 18;
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

        static readonly byte[] buffer = new byte[ReadBuffer];
        static MethodInfo apply;
        static object instance, state;

        [DllImport("libc", SetLastError = true)]
        static extern IntPtr read(int descriptor, byte[] bytes, IntPtr count);

        [DllImport("libc", SetLastError = true)]
        static extern IntPtr write(int descriptor, ref byte first, IntPtr count);

        [DllImport("libc")]
        static extern int fcntl(int descriptor, int command, int argument);

        static void Main()
        {
            fcntl(Channel, SetFlags, CloseOnExec);
            WarmUp();
            Send("{\"ready\":{\"protocol\":1}}");
            var line = Receive();
            if (line != null) Serve(line);
            Environment.Exit(0); // whatever threads the algorithm left
        }

        /// <summary>Has compiled, while nobody waits, what the first call will use.</summary>
        static void WarmUp()
        {
            ResultLine(Json.Parse("{\"a\": [1, 2.5, \"te\\u00e9xt\", null, true, 99999999999999999999]}"));
            ResultLine(Convert.FromBase64String("AQ=="));
            try
            {
                throw new InvalidOperationException("warming up");
            }
            catch (InvalidOperationException error)
            {
                ErrorLine(error);
            }
        }

        static string Receive()
        {
            var line = new MemoryStream();
            while (true)
            {
                var count = (int)read(Channel, buffer, (IntPtr)buffer.Length);
                if (count <= 0) return null;
                line.Write(buffer, 0, count);
                if (buffer[count - 1] == '\n') return Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length); // one line at a time
            }
        }

        static void Send(string line)
        {
            var bytes = Encoding.UTF8.GetBytes(line + "\n");
            for (var sent = 0; sent < bytes.Length;)
            {
                var written = (int)write(Channel, ref bytes[sent], (IntPtr)(bytes.Length - sent));
                if (written < 0) Environment.Exit(1);
                sent += written;
            }
        }

        static void Serve(string order)
        {
            var watch = Stopwatch.StartNew();
            var failure = Attempt(() => { Load((Dictionary<string, object>)Field(Json.Parse(order), "load")); return null; });
            Send(failure ?? "{\"loaded\":{\"duration_us\":" + watch.ElapsedTicks * 1000000 / Stopwatch.Frequency + "}}");
            if (failure != null) Environment.Exit(1);
            string line;
            while ((line = Receive()) != null)
            {
                object id = null;
                var answer = Attempt(() =>
                {
                    var request = (Dictionary<string, object>)Json.Parse(line);
                    request.TryGetValue("id", out id);
                    return Answer(request);
                });
                Send(id == null ? answer : answer.Substring(0, answer.Length - 1) + ",\"id\":" + Json.Write(id) + "}");
            }
        }

        /// <summary>What the action answers, or an error line.</summary>
        static string Attempt(Func<string> action)
        {
            string line;
            try
            {
                line = action();
            }
            catch (Exception error)
            {
                line = ErrorLine(error);
            }
            Console.Out.Flush();
            return line;
        }

        static object Field(object values, string name)
        {
            return ((Dictionary<string, object>)values)[name];
        }

        /// <summary>Loads what was built, makes one object of the class that has Apply, and runs its Load.</summary>
        static void Load(Dictionary<string, object> order)
        {
            var directory = (string)order["directory"];
            Directory.SetCurrentDirectory(directory);
            foreach (var variable in (Dictionary<string, object>)order["environment_variables"])
                Environment.SetEnvironmentVariable(variable.Key, (string)variable.Value);
            AppDomain.CurrentDomain.AssemblyResolve += (sender, wanted) =>
            {
                var file = Path.Combine(directory, "lib", new AssemblyName(wanted.Name).Name + ".dll");
                return File.Exists(file) ? Assembly.LoadFrom(file) : null;
            };
            var assembly = Assembly.LoadFrom(Path.Combine(directory, ".packages", "algorithm.dll"));
            var owner = assembly.GetTypes().FirstOrDefault(type => Method(type, "Apply") != null);
            if (owner == null) throw new MissingMethodException(order["entry"] + " has no class with a method called Apply");
            apply = Method(owner, "Apply");
            var load = Method(owner, "Load");
            if (!apply.IsStatic || (load != null && !load.IsStatic)) instance = Activator.CreateInstance(owner, true);
            state = load == null ? null : Invoke(load);
        }

        static MethodInfo Method(Type type, string name)
        {
            return type.GetMethods(Any).FirstOrDefault(method => method.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && method.GetParameters().Length <= 2);
        }

        static object Invoke(MethodInfo method, params object[] arguments)
        {
            try
            {
                return method.Invoke(method.IsStatic ? null : instance, arguments);
            }
            catch (TargetInvocationException error)
            {
                ExceptionDispatchInfo.Capture(error.InnerException).Throw();
                throw;
            }
        }

        static string Answer(Dictionary<string, object> request)
        {
            var data = Field(request, "data");
            if ((string)Field(request, "content_type") == "binary") data = Convert.FromBase64String((string)data);
            var parameters = apply.GetParameters();
            var input = Values.Convert(data, parameters[0].ParameterType);
            var result = parameters.Length == 1 ? Invoke(apply, input) : Invoke(apply, input, state);
            return ResultLine(Streams(result) ? SendChunks((IEnumerable)result) : result);
        }

        /// <summary>Whether it is made while it is read, as by yield or a query, and no collection.</summary>
        static bool Streams(object result)
        {
            if (!(result is IEnumerable) || result is string || result is ICollection) return false;
            return !result.GetType().GetInterfaces().Any(kind => kind.IsGenericType && kind.GetGenericTypeDefinition() == typeof(ICollection<>));
        }

        /// <summary>Sends each chunk as it comes; returns what is left to answer.</summary>
        static object SendChunks(IEnumerable chunks)
        {
            var sent = false;
            foreach (var chunk in chunks)
            {
                Send(ResultLine(chunk, "chunk"));
                sent = true;
            }
            return sent ? null : new object[0];
        }

        static string ResultLine(object result, string key = "result")
        {
            var bytes = result as byte[];
            if (bytes != null) return "{\"" + key + "\":\"" + Convert.ToBase64String(bytes) + "\",\"metadata\":{\"content_type\":\"binary\"}}";
            var kind = result is string ? "text" : "json";
            return "{\"" + key + "\":" + Json.Write(result) + ",\"metadata\":{\"content_type\":\"" + kind + "\"}}";
        }

        /// <summary>One error line: the message, the type, and the author's frames only.</summary>
        static string ErrorLine(Exception error)
        {
            var body = new Dictionary<string, object>
            {
                { "message", error.Message },
                { "stacktrace", Trace(error) },
                { "error_type", error.GetType().FullName },
            };
            return Json.Write(new Dictionary<string, object> { { "error", body } });
        }

        static string Trace(Exception error)
        {
            var frames = error.ToString().Split('\n');
            return string.Join("\n", frames.Where(frame => !frame.Contains("  at Agora.") && !frame.Contains("  at System.R") && !frame.StartsWith("---")));
        }
    }
}
