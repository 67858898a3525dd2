//! Questions to the controller. State-changing requests carry a header that a foreign page cannot send.

export interface Answer<T> {
  status: number;
  data: T | undefined;
  /** Key of what went wrong, for the catalogues' `error` group. */
  error: string | undefined;
  seconds: number | undefined;
}

interface Refusal {
  error?: string;
  seconds?: number;
}

/** A slow village link gets this long, ms; then the request counts as lost. */
const PATIENCE_MS = 15_000;

export async function ask<T>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Answer<T>> {
  try {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") headers["X-Requested-By"] = "sweetspring";
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    const data: unknown = text === "" ? undefined : JSON.parse(text);
    if (response.ok)
      return { status: response.status, data: data as T, error: undefined, seconds: undefined };
    const refusal = (data ?? {}) as Refusal;
    return {
      status: response.status,
      data: undefined,
      error: refusal.error ?? "Failed",
      seconds: refusal.seconds,
    };
  } catch {
    return { status: 0, data: undefined, error: "NoAnswer", seconds: undefined };
  }
}
