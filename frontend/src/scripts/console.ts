/** The "try it" console of an algorithm: page store/algorithm.html. */
export {};
