package com.algorithmia.development;

/** What a class extends that was written for Algorithmia's Java ADK, which Maven's repositories lack. */
public abstract class AbstractAlgorithm<I, O> {
  public abstract O apply(I input) throws Throwable;

  public void load() throws Throwable {}
}
