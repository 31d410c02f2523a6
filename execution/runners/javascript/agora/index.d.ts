/** The called algorithm failed, or could not be called. */
export class AlgorithmError extends Error {
  error_type: string;
  stacktrace: string | null;
}

/** Calls `owner/name` or `owner/name/version`; resolves to its result, rejects with AlgorithmError. */
export function call(algorithm: string, value?: unknown): Promise<any>;

/** The shape that Algorithmia's client has. */
export function client(): { algo(name: string): { pipe(value?: unknown): Promise<{ result: any }> } };
