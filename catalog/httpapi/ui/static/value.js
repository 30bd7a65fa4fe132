// Values of keys: any bytes, shown as text where that loses nothing.

// bytesOf decodes Base64, null being no bytes.
export function bytesOf(base64) {
  return Uint8Array.from(atob((base64 ?? "").replace(/\s+/g, "")), (c) => c.charCodeAt(0));
}

export function base64Of(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

// textOf returns the text that bytes are, or null where a text box would change them.
export function textOf(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\u0000-\u0008\u000b-\u001f\u007f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

// hexOf shows the first bytes in the way of hex dumps.
export function hexOf(bytes, most = 512) {
  const lines = [];
  for (let i = 0; i < Math.min(bytes.length, most); i += 16) {
    const row = [...bytes.subarray(i, i + 16)];
    lines.push(`${i.toString(16).padStart(6, "0")}  ${row.map((b) => b.toString(16).padStart(2, "0")).join(" ").padEnd(47)}  ${row.map((b) => (b > 31 && b < 127 ? String.fromCharCode(b) : ".")).join("")}`);
  }
  return lines.join("\n") + (bytes.length > most ? `\n… ${bytes.length} bytes` : "");
}
