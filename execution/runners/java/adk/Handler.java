package com.algorithmia.development;

/** What such a class names in its main, which nobody runs here: the runner calls load and apply itself. */
public class Handler<I, O> {
  public Handler(AbstractAlgorithm<I, O> algorithm) {}

  public void serve() {}

  public void init() {}

  public void init(I input) {}
}
