/** The package has no types of its own. */
declare module 'pgpass' {
  interface ConnectionInfo {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  }
  /** Calls back with the password of the first line that fits, or with undefined. */
  export default function pgpass(
    info: ConnectionInfo,
    callback: (password: string | undefined) => void,
  ): void;
}
