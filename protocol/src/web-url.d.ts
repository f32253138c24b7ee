// The one global that the protocol uses, and that browsers and Node have alike; neither's library belongs here.
declare class URL {
  static canParse(url: string): boolean;
  constructor(url: string, base?: string);
  readonly origin: string;
  href: string;
  pathname: string;
  readonly searchParams: { set(name: string, value: string): void };
}
