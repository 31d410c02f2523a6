package com.algorithmia.development;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** A field of the input that must be there. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Required {}
