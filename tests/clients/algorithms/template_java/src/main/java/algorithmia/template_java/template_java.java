package algorithmia.template_java;

import com.algorithmia.*;
import com.algorithmia.algo.*;

public class template_java {
    public String apply(String input) throws Exception {
        if (input.equals("fail")) throw new AlgorithmException("no greeting for fail");
        return "Hello " + input;
    }

    public int apply(int first, int second) {
        return first + second;
    }

    @AcceptsJson
    @ReturnsJson
    public String apply(Object json) {
        return "{\"given\": " + json + "}";
    }
}
