// The globals that the protocol uses, and that browsers and Node have alike; neither's library belongs here.
declare class URL {
  static canParse(url: string): boolean;
  constructor(url: string, base?: string);
  readonly origin: string;
  href: string;
  pathname: string;
  readonly searchParams: { set(name: string, value: string): void };
}
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}
