package dev.tarn.data.download;

import dev.tarn.DataException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Brings a file from a web server, and goes on where an earlier try stopped: what has come stands in {@code NAME.part}, and
 * {@code NAME.part.tag} has the server's mark of the file, with which it is asked whether the rest still fits.
 *
 * <p>A server that falls silent for {@link #STALLED} ends the try. <em>Thread-safety:</em> none; another process that
 * downloads the same file is refused.
 */
final class Download {

    private static final Duration STALLED = Duration.ofSeconds(60);
    private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+)");
    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int RANGE_PASSED = 416;

    private final URI url;
    private final Path part;
    private final Path tag;
    private final long mostBytes;
    private final Duration stalled;
    private final Progress progress;

    /**
     * A download.
     *
     * @param file the name that the file is going to have; its folder exists
     * @param mostBytes refused beyond
     */
    Download(URI url, Path file, long mostBytes, Progress progress) {
        this(url, file, mostBytes, STALLED, progress);
    }

    Download(URI url, Path file, long mostBytes, Duration stalled, Progress progress) {
        this.url = url;
        this.part = file.resolveSibling(file.getFileName() + ".part");
        this.tag = file.resolveSibling(file.getFileName() + ".part.tag");
        this.mostBytes = mostBytes;
        this.stalled = stalled;
        this.progress = progress;
    }

    /**
     * Downloads all that is missing.
     *
     * @return the file, still under the name of a part
     * @throws DataException if the server cannot be reached, does not have it or stops early; what has come is kept
     */
    Path fetch() {
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                throw busy();
            }
            fetch(channel);
            Files.deleteIfExists(tag);
            return part;
        } catch (OverlappingFileLockException e) {
            throw busy();
        } catch (IOException e) {
            throw new DataException(
                    "'" + part + "' cannot be written: " + FileErrors.reason(e) + "; name another folder with --cache.",
                    e);
        }
    }

    private DataException busy() {
        return new DataException("Another process is downloading '" + part + "': wait for it.");
    }

    private void fetch(FileChannel channel) throws IOException {
        String known = Files.exists(tag) ? Files.readString(tag).strip() : "";
        long have = known.isEmpty() ? 0 : channel.size();
        HttpResponse<InputStream> response = ask(have, known);
        if (response.statusCode() == RANGE_PASSED) {
            // The part is no beginning of what the server has now.
            response.body().close();
            have = 0;
            response = ask(0, "");
        }
        try (InputStream body = response.body()) {
            long total = response.headers().firstValueAsLong("content-length").orElse(-1);
            if (response.statusCode() == PARTIAL) {
                Matcher range = RANGE.matcher(
                        response.headers().firstValue("content-range").orElse(""));
                if (!range.matches() || Long.parseLong(range.group(1)) != have) {
                    throw new DataException("The server answered for another part of " + url
                            + " than it was asked for: delete '" + part + "' and try again.");
                }
                total = Long.parseLong(range.group(2));
            } else if (response.statusCode() == OK) {
                have = 0;
            } else {
                throw new DataException("The server answered " + response.statusCode() + " for " + url
                        + (response.statusCode() == 404 ? ", which means that it is not there" : "")
                        + ": try again later, or name a mirror with --url.");
            }
            channel.truncate(have);
            remember(response);
            receive(body, channel, have, total);
        }
    }

    private void remember(HttpResponse<?> response) throws IOException {
        String mark = response.headers()
                .firstValue("etag")
                .filter(value -> !value.startsWith("W/"))
                .or(() -> response.headers().firstValue("last-modified"))
                .orElse("");
        Files.writeString(tag, mark, StandardCharsets.UTF_8);
    }

    private HttpResponse<InputStream> ask(long have, String known) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url).timeout(stalled).header("User-Agent", "tarn");
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-").header("If-Range", known);
        }
        try {
            return HttpClient.newBuilder()
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .connectTimeout(stalled)
                    .build()
                    .send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new DataException(
                    url.getHost() + " cannot be reached (" + reason(e)
                            + "): check the network, name a mirror with --url, or put the data in place by hand.",
                    e);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static CancellationException interrupted() {
        Thread.currentThread().interrupt();
        return new CancellationException("interrupted while downloading");
    }

    /** Java's client often says no more than the kind of failure. */
    private static String reason(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException
                    || cause.getClass().getSimpleName().startsWith("Unresolved")) {
                return "there is no such host";
            }
        }
        String message = e.getMessage();
        if (message != null && !message.isBlank()) {
            return message;
        }
        return e instanceof ConnectException ? "no connection" : e.getClass().getSimpleName();
    }

    private void receive(InputStream body, FileChannel channel, long have, long total) throws IOException {
        if (Math.max(have, total) > mostBytes) {
            throw tooLarge();
        }
        AtomicLong lastByte = new AtomicLong(System.nanoTime());
        Timer watch = new Timer("tarn-download-watch", true);
        long tick = Math.max(1, stalled.toMillis() / 10);
        watch.schedule(
                new TimerTask() {
                    @Override
                    public void run() {
                        closeIfSilent(body, lastByte.get());
                    }
                },
                tick,
                tick);
        long bytes = have;
        IOException broken = null;
        channel.position(have);
        byte[] buffer = new byte[1 << 16];
        try {
            while (true) {
                int count = read(body, buffer);
                if (count < 0) {
                    break;
                }
                lastByte.set(System.nanoTime());
                bytes += count;
                if (bytes > mostBytes) {
                    throw tooLarge();
                }
                ByteBuffer came = ByteBuffer.wrap(buffer, 0, count);
                while (came.hasRemaining()) {
                    channel.write(came);
                }
                progress.at(bytes, total);
            }
        } catch (Broken e) {
            broken = e.reason();
        } finally {
            watch.cancel();
        }
        channel.force(true);
        if (broken != null || (total >= 0 && bytes != total)) {
            throw stopped(bytes, total, broken);
        }
    }

    private void closeIfSilent(InputStream body, long lastByte) {
        if (System.nanoTime() - lastByte > stalled.toNanos()) {
            try {
                body.close();
            } catch (IOException e) {
                // The reading thread tells what is wrong.
            }
        }
    }

    /** The network failed, which is not the same as a disk that fails. */
    private static final class Broken extends Exception {

        private static final long serialVersionUID = 1L;

        private final IOException reason;

        Broken(IOException reason) {
            super(reason);
            this.reason = reason;
        }

        IOException reason() {
            return reason;
        }
    }

    private static int read(InputStream body, byte[] buffer) throws Broken {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw new Broken(e);
        }
    }

    private DataException stopped(long bytes, long total, @Nullable IOException e) {
        String sentence = "The download of " + url + " stopped after " + bytes
                + (total < 0 ? " bytes" : " of " + total + " bytes") + ": run the command again to go on from there.";
        return e == null ? new DataException(sentence) : new DataException(sentence, e);
    }

    private DataException tooLarge() {
        return new DataException("The server has more than the " + mostBytes + " bytes that " + url
                + " may have: name another mirror with --url.");
    }
}
