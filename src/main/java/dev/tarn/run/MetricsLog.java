package dev.tarn.run;

import dev.tarn.ConfigException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * {@code metrics.jsonl}: one {@link JsonEvent} a line, appended as things happen and synced at the end of an epoch.
 *
 * <p>A resumed run calls {@link #truncateFrom} with the epoch that it goes on with, so that what was logged after its
 * checkpoint does not stand there twice. Thread-safety: one writer; its methods may be called from several
 * threads.
 */
public final class MetricsLog implements AutoCloseable {

    private final Path file;
    private final FileChannel channel;

    private MetricsLog(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens a log to append to, without the half line that a crash may have left at its end. */
    static MetricsLog open(Path file) {
        try {
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            MetricsLog log = new MetricsLog(file, channel);
            channel.position(log.endOfLastLine());
            channel.truncate(channel.position());
            return log;
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    /** Every whole line of a log; none if there is no file. Lines that are not JSON objects are left out. */
    public static List<JsonEvent> read(Path file) {
        List<JsonEvent> events = new ArrayList<>();
        if (!Files.exists(file)) {
            return events;
        }
        try {
            for (String line : Files.readAllLines(file)) {
                JsonEvent event = JsonEvent.parse(line);
                if (event != null) {
                    events.add(event);
                }
            }
        } catch (IOException e) {
            throw new ConfigException("The metrics " + file + " cannot be read: " + e.getMessage() + ".", e);
        }
        return events;
    }

    /** Appends a line; it survives the end of the process, and after {@link #sync} that of the machine. */
    public synchronized void append(JsonEvent event) {
        try {
            AtomicFile.writeFully(channel, ByteBuffer.wrap((event.toJson() + "\n").getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    /** Waits until every line is on the disk. */
    public synchronized void sync() {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    /** Forgets the first line that {@code first} accepts and every line after it. */
    public synchronized void truncateFrom(Predicate<JsonEvent> first) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.position()));
            while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
                // reads on until the whole log is there
            }
            int start = 0;
            for (int at = 0; at < bytes.capacity(); at++) {
                if (bytes.get(at) == '\n') {
                    JsonEvent event =
                            JsonEvent.parse(new String(bytes.array(), start, at - start, StandardCharsets.UTF_8));
                    if (event != null && first.test(event)) {
                        break;
                    }
                    start = at + 1;
                }
            }
            channel.truncate(start);
            channel.position(start);
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    @Override
    public synchronized void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    private long endOfLastLine() throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        long end = channel.size();
        while (end > 0) {
            one.clear();
            channel.read(one, end - 1);
            if (one.get(0) == '\n') {
                break;
            }
            end--;
        }
        return end;
    }

    private static ConfigException failure(Path file, IOException e) {
        return new ConfigException(
                "The metrics " + file + " cannot be written: " + e.getMessage()
                        + "; give a --run folder that is writable and has room.",
                e);
    }
}
