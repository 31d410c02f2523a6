package com.algorithmia.algorithm;

import com.algorithmia.*;
import com.algorithmia.development.*;

class Algorithm extends AbstractAlgorithm<String, String> {
    private String greeting;

    @Override
    public void load() {
        greeting = "Hello";
    }

    public String apply(String input) {
        if (input.equals("fail")) throw new RuntimeException("no greeting for fail");
        return greeting + " " + input;
    }

    public static void main(String[] args) {
        Algorithm algorithm = new Algorithm();
        Handler algo = new ADK<>(algorithm);
        algo.init();
    }
}
