package dev.tarn.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Zip archives for tests. */
final class Zips {

    private Zips() {}

    static Map<String, byte[]> entries(byte[] archive) throws IOException {
        Path file = Files.createTempFile("archive", ".zip");
        try {
            Files.write(file, archive);
            Map<String, byte[]> entries = new LinkedHashMap<>();
            try (ZipFile zip = new ZipFile(file.toFile())) {
                for (ZipEntry entry : zip.stream().toList()) {
                    entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
                }
            }
            return entries;
        } finally {
            Files.delete(file);
        }
    }

    /** An archive like PyTorch's, nothing compressed. */
    static byte[] stored(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setMethod(ZipOutputStream.STORED);
            for (Map.Entry<String, byte[]> item : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(item.getKey());
                CRC32 crc = new CRC32();
                crc.update(item.getValue());
                entry.setCrc(crc.getValue());
                entry.setSize(item.getValue().length);
                zip.putNextEntry(entry);
                zip.write(item.getValue());
            }
        }
        return bytes.toByteArray();
    }

    /** The same entries deflated. */
    static byte[] deflated(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> item : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(item.getKey()));
                zip.write(item.getValue());
            }
        }
        return bytes.toByteArray();
    }

    /** The same archive with every size and place in fields of 64 bits, as one of more than 4 GiB has them. */
    static byte[] in64Bits(byte[] archive) {
        ByteBuffer from = ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN);
        int end = archive.length - 22;
        int start = from.getInt(end + 16);
        ByteBuffer to = ByteBuffer.allocate(2 * archive.length + 100).order(ByteOrder.LITTLE_ENDIAN);
        to.put(archive, 0, start);
        for (int at = start; at < end; ) {
            int name = from.getShort(at + 28);
            int extra = from.getShort(at + 30);
            int record = to.position();
            to.put(archive, at, 46 + name);
            to.putShort((short) 1).putShort((short) 24);
            to.putLong(from.getInt(at + 24)).putLong(from.getInt(at + 20)).putLong(from.getInt(at + 42));
            to.putInt(record + 20, -1).putInt(record + 24, -1).putInt(record + 42, -1);
            to.putShort(record + 30, (short) 28);
            at += 46 + name + extra;
        }
        int wide = to.position();
        to.putInt(0x06064b50).putLong(44).putInt(0).putInt(0).putInt(0);
        to.putLong(from.getShort(end + 8))
                .putLong(from.getShort(end + 10))
                .putLong(wide - start)
                .putLong(start);
        to.putInt(0x07064b50).putInt(0).putLong(wide).putInt(1);
        to.putInt(0x06054b50).putInt(0).putInt(-1).putInt(-1).putInt(-1).putShort((short) 0);
        return Arrays.copyOf(to.array(), to.position());
    }
}
