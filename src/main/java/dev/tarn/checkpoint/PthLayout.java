package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The two ways in which {@code torch.save} lays a file out.
 *
 * <pre>
 *   legacy (all that fastai v1 writes)          zip (PyTorch 1.6 on)
 *     pickle: a magic number                      NAME/data.pkl      pickle: the object
 *     pickle: 1001, the version of the layout     NAME/data/KEY      bytes of a storage
 *     pickle: {"little_endian": True, ...}        NAME/byteorder     "little", where it is there
 *     pickle: the object
 *     pickle: [KEY, ...]
 *     for each key: i64 elements, their bytes
 * </pre>
 *
 * In both, a tensor of the object names its storage as {@code ("storage", torch.FloatStorage, KEY, LOCATION, ELEMENTS)}.
 * The location ("cpu", "cuda:0") says where the tensor was and does not matter here.
 */
final class PthLayout implements PickleReader.PersistentIds {

    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_VERSION = 1001;
    private static final byte[] ZIP = {'P', 'K', 3, 4};
    private static final int PICKLE = 0x80;

    private final String origin;
    private final FileChannel channel;
    private final long size;
    private final Map<String, PthStorage> storages = new LinkedHashMap<>();

    /** The checksums of the storages of a zip by their place, to be compared when one is first read. */
    private final Map<Long, Long> checksums = new TreeMap<>();

    PthLayout(String origin, FileChannel channel, long size) {
        this.origin = origin;
        this.channel = channel;
        this.size = size;
    }

    /**
     * Reads everything but the storages, which are known by their places afterwards.
     *
     * @return the object that was saved
     */
    Object read() throws IOException {
        byte[] first = bytes(0, (int) Math.min(4, size));
        if (ByteBuffer.wrap(first).equals(ByteBuffer.wrap(ZIP))) {
            return readZip();
        }
        if (first.length > 0 && (first[0] & 0xff) == PICKLE) {
            return readLegacy();
        }
        throw new CheckpointException(
                origin + " is not a .pth file: it begins neither as a pickle nor as a zip archive;"
                        + " give a file that fastai's learn.save or learn.save_encoder wrote.");
    }

    /**
     * The checksum that the bytes of a storage must have, once; null where there is none (left) to compare.
     *
     * @param position of the storage
     */
    synchronized @Nullable Long takeChecksum(long position) {
        return checksums.remove(position);
    }

    private Object readLegacy() {
        PickleInput in = next(0);
        if (!MAGIC.equals(PickleReader.read(in, PickleReader.NO_IDS))) {
            throw new CheckpointException(origin + " is a pickle, but not one of torch.save; give a file that fastai's"
                    + " learn.save or learn.save_encoder wrote.");
        }
        in = next(in.position());
        if (!Long.valueOf(LEGACY_VERSION).equals(PickleReader.read(in, PickleReader.NO_IDS))) {
            throw in.broken("the version of its layout is not " + LEGACY_VERSION);
        }
        in = next(in.position());
        Object system = PickleReader.read(in, PickleReader.NO_IDS);
        if (!(system instanceof Map<?, ?> info) || !Boolean.TRUE.equals(info.get("little_endian"))) {
            throw in.broken("it was not written by a little-endian machine");
        }
        in = next(in.position());
        Object root = PickleReader.read(in, this);
        in = next(in.position());
        if (!(PickleReader.read(in, PickleReader.NO_IDS) instanceof List<?> keys)) {
            throw in.broken("the list of its storages is missing");
        }
        long position = in.position();
        for (Object key : keys) {
            PthStorage storage = key instanceof String text ? storages.get(text) : null;
            PickleInput head = next(position);
            if (storage == null || storage.isLocated()) {
                throw head.broken("a storage follows that no tensor shows, or the same twice");
            }
            if (head.i64() != storage.numel()) {
                throw head.broken("storage " + PickleInput.quoted(storage.key()) + " does not have the "
                        + storage.numel() + " elements that its tensors say");
            }
            locate(storage, head.position());
            position = head.position() + storage.bytes();
        }
        if (position != size) {
            throw new CheckpointException(origin + " is damaged: its last tensor ends at byte " + position
                    + " and the file at " + size + ".");
        }
        requireLocated();
        return root;
    }

    private Object readZip() throws IOException {
        Map<String, ZipIndex.Entry> entries = ZipIndex.read(origin, channel, size);
        List<String> pickles = entries.keySet().stream()
                .filter(name -> name.endsWith("/data.pkl"))
                .toList();
        if (pickles.size() != 1) {
            throw new CheckpointException(origin + " is a zip archive with " + pickles.size()
                    + " entries data.pkl instead of one, so torch.save did not write it; give a .pth file.");
        }
        String name = pickles.get(0);
        String prefix = name.substring(0, name.length() - "data.pkl".length());
        ZipIndex.Entry order = entries.get(prefix + "byteorder");
        if (order != null
                && !new String(bytes(order.position(), (int) Math.min(16, order.bytes())), StandardCharsets.US_ASCII)
                        .strip()
                        .equals("little")) {
            throw new CheckpointException(origin + " was not written by a little-endian machine; save it on one.");
        }
        ZipIndex.Entry pickle = require(entries.get(name), name);
        if (pickle.bytes() <= PickleInput.MAX_BYTES) {
            requireChecksum(name, pickle.position(), pickle.bytes(), pickle.crc());
        }
        PickleInput in = new PickleInput(origin, channel, pickle.position(), pickle.position() + pickle.bytes());
        Object root = PickleReader.read(in, this);
        for (PthStorage storage : storages.values()) {
            String entryName = prefix + "data/" + storage.key();
            ZipIndex.Entry entry = require(entries.get(entryName), entryName);
            if (entry.bytes() != storage.bytes()) {
                throw in.broken("storage " + PickleInput.quoted(storage.key()) + " has " + entry.bytes()
                        + " bytes and its tensors say " + storage.bytes());
            }
            locate(storage, entry.position());
            checksums.put(entry.position(), entry.crc());
        }
        return root;
    }

    @Override
    public Object load(List<Object> id, PickleInput in) {
        boolean fits = id.size() >= 5
                && "storage".equals(id.get(0))
                && id.get(1) instanceof PickleGlobal type
                && type.dtype() != null
                && id.get(2) instanceof String
                && id.get(3) instanceof String
                && id.get(4) instanceof Long
                && (id.size() == 5 || (id.size() == 6 && id.get(5) == PickleReader.NONE));
        if (!fits) {
            throw in.broken("a storage is described in another way than PyTorch does");
        }
        DType dtype = ((PickleGlobal) id.get(1)).dtype();
        String key = (String) id.get(2);
        long numel = (Long) id.get(4);
        if (dtype == null || numel < 0 || numel > size / dtype.bytes()) {
            throw in.broken("storage " + PickleInput.quoted(key) + " claims " + numel
                    + " elements, more than the file has bytes");
        }
        PthStorage storage = storages.computeIfAbsent(key, unknown -> new PthStorage(key, dtype, numel));
        if (storage.dtype() != dtype || storage.numel() != numel) {
            throw in.broken("storage " + PickleInput.quoted(key) + " is described in two ways");
        }
        return storage;
    }

    /** Compares the CRC-32 of a part of the file. */
    void requireChecksum(String what, long position, long bytes, long wanted) throws IOException {
        CRC32 crc = new CRC32();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(SafeTensors.CHUNK_BYTES, bytes + 1));
        for (long done = 0; done < bytes; ) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), bytes - done));
            int count = channel.read(buffer, position + done);
            if (count < 0) {
                break;
            }
            done += count;
            crc.update(buffer.flip());
        }
        if (crc.getValue() != wanted) {
            throw new CheckpointException(origin + " is damaged: the checksum of " + PickleInput.quoted(what)
                    + " is not the one that was written.");
        }
    }

    private void locate(PthStorage storage, long position) {
        if (storage.bytes() > size - position) {
            throw new CheckpointException(origin + " is cut short: storage " + PickleInput.quoted(storage.key())
                    + " needs " + storage.bytes() + " bytes from byte " + position + " on and the file has " + size
                    + " in all.");
        }
        storage.locate(position);
    }

    private void requireLocated() {
        for (PthStorage storage : storages.values()) {
            if (!storage.isLocated()) {
                throw new CheckpointException(
                        origin + " is damaged: it lacks storage " + PickleInput.quoted(storage.key()) + ".");
            }
        }
    }

    private ZipIndex.Entry require(ZipIndex.@Nullable Entry entry, String name) {
        if (entry == null) {
            throw new CheckpointException(origin + " is damaged: it lacks " + PickleInput.quoted(name) + ".");
        }
        return entry;
    }

    private PickleInput next(long position) {
        return new PickleInput(origin, channel, position, size);
    }

    private byte[] bytes(long position, int count) {
        return new PickleInput(origin, channel, position, size).bytes(count);
    }
}
