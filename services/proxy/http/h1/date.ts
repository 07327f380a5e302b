let line = '';
let booked = false;

/** The `date` line of this second, made at most once a second (RFC 9110 section 6.6.1). */
export function dateLine(): string {
  if (!booked) {
    line = `date: ${new Date().toUTCString()}\r\n`;
    booked = true;
    setTimeout(forget, 1000 - (Date.now() % 1000)).unref();
  }
  return line;
}

function forget(): void {
  booked = false;
}
