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

/**
 * {@code metrics.jsonl}: one {@link JsonEvent} a line, appended as things happen and synced at the end of an epoch.
 *
 * <p>A resumed run calls {@link #truncate} with the {@link #position} that its checkpoint remembers, so that what was
 * logged after the checkpoint does not stand there twice. Thread-safety: one writer; its methods may be called from several
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

    /** The length of the log in bytes, for {@link #truncate}. */
    public synchronized long position() {
        try {
            return channel.position();
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    /** Forgets every line after {@code position}; a position beyond the end changes nothing. */
    public synchronized void truncate(long position) {
        try {
            if (position < channel.size()) {
                channel.truncate(position);
                channel.position(endOfLastLine());
                channel.truncate(channel.position());
            }
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
