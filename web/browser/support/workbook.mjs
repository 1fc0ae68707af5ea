// Fills in a workbook as an author would: rows of texts below the header of its first sheet.
import { crc32, inflateRawSync } from 'node:zlib';

const SHEET = 'xl/worksheets/sheet1.xml';
const [FILE, ENTRY, END] = [0x04034b50, 0x02014b50, 0x06054b50];

/** The files of a ZIP archive, as its directory names them. */
function unpacked(archive) {
  let at = archive.readUInt32LE(archive.lastIndexOf(Buffer.from('PK\x05\x06')) + 16);
  const files = [];
  while (archive.readUInt32LE(at) === ENTRY) {
    const [method, size] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const [nameSize, extraSize, noteSize] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    const head = archive.readUInt32LE(at + 42);
    const start = head + 30 + archive.readUInt16LE(head + 26) + archive.readUInt16LE(head + 28);
    const data = archive.subarray(start, start + size);
    files.push({ name: archive.toString('utf8', at + 46, at + 46 + nameSize), bytes: method === 0 ? data : inflateRawSync(data) });
    at += 46 + nameSize + extraSize + noteSize;
  }
  return files;
}

/** The same as an archive, without compression. */
function packed(files) {
  const [parts, directory] = [[], []];
  let at = 0;
  for (const { name, bytes } of files) {
    const about = Buffer.alloc(26); // From the version to the size of what is extra.
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(0x21, 8); // 1980-01-01.
    about.writeUInt32LE(crc32(bytes), 10);
    about.writeUInt32LE(bytes.length, 14);
    about.writeUInt32LE(bytes.length, 18);
    about.writeUInt16LE(Buffer.byteLength(name), 22);
    const file = Buffer.concat([number(FILE, 4), about, Buffer.from(name), bytes]);
    parts.push(file);
    directory.push(Buffer.concat([number(ENTRY, 4), number(20, 2), about, Buffer.alloc(10), number(at, 4), Buffer.from(name)]));
    at += file.length;
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0);
  const counts = [number(files.length, 2), number(files.length, 2)];
  const end = Buffer.concat([number(END, 4), number(0, 4), ...counts, number(size, 4), number(at, 4), number(0, 2)]);
  return Buffer.concat([...parts, ...directory, end]);
}

function number(value, size) {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return bytes;
}

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** Rows are objects of texts by column letter. */
export function filledIn(workbook, rows) {
  const xml = rows.map((cells, index) => {
    const row = index + 2;
    const inside = Object.entries(cells).map(([column, text]) => `<c r="${column}${row}" t="inlineStr"><is><t>${escaped(text)}</t></is></c>`);
    return `<row r="${row}">${inside.join('')}</row>`;
  });
  const files = unpacked(workbook).map((file) =>
    file.name === SHEET ? { ...file, bytes: Buffer.from(file.bytes.toString().replace('</sheetData>', `${xml.join('')}</sheetData>`)) } : file,
  );
  return packed(files);
}
