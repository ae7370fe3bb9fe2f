package dev.tarn.run;

import dev.tarn.DataException;
import dev.tarn.backend.DeviceInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Where a run comes from, enough to repeat it: {@code provenance.json}.
 *
 * @param version of Tarn, see {@link Version}
 * @param commit of Tarn's sources where it runs from them, with {@code "+"} if they were changed; otherwise empty
 * @param time of the start, UTC
 * @param command the words of the command line
 * @param device what it trains on
 * @param data every file that was read
 */
public record Provenance(
        String version,
        String commit,
        Instant time,
        List<String> command,
        long seed,
        DeviceInfo device,
        Machine machine,
        List<DataFile> data) {

    /** A file that was read, with its SHA-256 in hexadecimal. */
    public record DataFile(Path path, long bytes, String sha256) {

        /**
         * Reads the whole file.
         *
         * @throws DataException if it cannot be read
         */
        public static DataFile of(Path path) {
            try (FileChannel channel = FileChannel.open(path)) {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                ByteBuffer buffer = ByteBuffer.allocate(1 << 18);
                long bytes = 0;
                for (int n = channel.read(buffer); n >= 0; n = channel.read(buffer)) {
                    bytes += n;
                    digest.update(buffer.flip());
                    buffer.clear();
                }
                return new DataFile(path, bytes, HexFormat.of().formatHex(digest.digest()));
            } catch (IOException e) {
                throw new DataException("The file " + path + " cannot be read: " + e.getMessage() + ".", e);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("Every Java platform has SHA-256", e);
            }
        }
    }

    public Provenance {
        command = List.copyOf(command);
        data = List.copyOf(data);
    }

    /** Of a run that starts now on this machine; reads every data file once. */
    public static Provenance now(List<String> command, long seed, DeviceInfo device, List<Path> data) {
        return new Provenance(
                Version.number(),
                Version.commit(),
                Instant.now(),
                command,
                seed,
                device,
                Machine.current(),
                data.stream().map(DataFile::of).toList());
    }

    /** The content of the file. */
    public String toJson() {
        List<JsonEvent> files = new ArrayList<>();
        for (DataFile file : data) {
            files.add(JsonEvent.object()
                    .with("path", file.path().toString())
                    .with("bytes", file.bytes())
                    .with("sha256", file.sha256()));
        }
        return JsonEvent.object()
                .with("tarn", version)
                .with("commit", commit)
                .with("time", time.toString())
                .with("command", command)
                .with("seed", seed)
                .with(
                        "device",
                        JsonEvent.object()
                                .with("name", device.device())
                                .with("description", device.description())
                                .with("precision", device.precision().name().toLowerCase(Locale.ROOT)))
                .with("machine", machine.toJson())
                .with("data", files)
                .toPrettyJson();
    }
}
