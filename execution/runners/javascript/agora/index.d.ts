/** The called algorithm failed, or could not be called. */
export class AlgorithmError extends Error {
  error_type: string;
  stacktrace: string | null;
}

/** Data could not be read or written; `status` is that of HTTP: 404 for what is missing. */
export class DataError extends AlgorithmError {
  status: number;
}

/** A file or a directory in hosted data, which need not be there: `data://owner/collection/name`. */
export function data(address: string): Data;

/** What data() returns. Everything rejects with DataError. */
export interface Data {
  address: string;
  read(): Promise<Buffer>;
  text(): Promise<string>;
  json(): Promise<any>;
  save(path: string): Promise<void>;
  write(value: unknown): Promise<void>;
  list(): Promise<string[]>;
  exists(): Promise<boolean>;
  create(): Promise<void>;
  delete(options?: { force?: boolean }): Promise<void>;
}

/** Calls `owner/name` or `owner/name/version`; resolves to its result, rejects with AlgorithmError. */
export function call(algorithm: string, value?: unknown): Promise<any>;

/** The shape that Algorithmia's client has. */
export function client(): { algo(name: string): { pipe(value?: unknown): Promise<{ result: any }> } };
