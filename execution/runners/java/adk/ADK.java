package com.algorithmia.development;

/** See Handler. */
public class ADK<I, O> extends Handler<I, O> {
  public ADK(AbstractAlgorithm<I, O> algorithm) {
    super(algorithm);
  }
}
