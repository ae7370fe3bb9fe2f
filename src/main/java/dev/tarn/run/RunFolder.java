package dev.tarn.run;

import dev.tarn.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a run (see the package for what lies in it). {@link #create} makes one and {@link #open} continues one,
 * both as its only writer; {@link #view} looks at one that may be under way. Ownership: closing gives the lock back.
 */
public final class RunFolder implements AutoCloseable {

    static final String CONFIG = "config.yaml";
    static final String PROVENANCE = "provenance.json";
    static final String METRICS = "metrics.jsonl";

    private final Path folder;
    private final RunSettings settings;
    private final @Nullable RunLock lock;
    private @Nullable MetricsLog metrics;

    private RunFolder(Path folder, RunSettings settings, @Nullable RunLock lock) {
        this.folder = folder;
        this.settings = settings;
        this.lock = lock;
    }

    /**
     * Makes a new run folder with its configuration and provenance.
     *
     * @param folder does not exist, or is empty; folders above it are made
     * @throws ConfigException if it exists with anything in it or cannot be written; nothing of it is left then
     */
    public static RunFolder create(Path folder, RunSettings settings, Provenance provenance) {
        requireFree(folder);
        boolean existed = Files.exists(folder);
        RunLock lock = null;
        try {
            Files.createDirectories(folder);
            lock = RunLock.take(folder);
            Files.createDirectory(folder.resolve("checkpoints"));
            Files.createDirectory(folder.resolve("plots"));
            AtomicFile.writeString(folder.resolve(PROVENANCE), provenance.toJson());
            // Last, because a folder with a configuration is a run.
            AtomicFile.writeString(folder.resolve(CONFIG), settings.toYaml());
            return new RunFolder(folder, settings, lock);
        } catch (IOException | RuntimeException e) {
            if (lock != null) {
                lock.close();
                clear(folder, existed);
            } else if (!existed) {
                // Without the lock nothing in it is ours; an empty folder is.
                folder.toFile().delete();
            }
            if (e instanceof RuntimeException known) {
                throw known;
            }
            throw new ConfigException(
                    "The run folder " + folder + " cannot be written (" + FileErrors.reason((IOException) e)
                            + "); give a folder that is writable with --run.",
                    e);
        }
    }

    /**
     * Refuses a folder that {@link #create} would refuse because it exists; to be asked before anything that takes long.
     *
     * @throws ConfigException if there is anything at that path but an empty folder
     */
    public static void requireFree(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new ConfigException("--run " + folder + " is a file; give a folder that does not exist yet.");
        }
        try (Stream<Path> inside = Files.list(folder)) {
            if (inside.findAny().isPresent()) {
                throw new ConfigException("The run folder " + folder + " exists already; give another with --run"
                        + (exists(folder) ? ", or continue it with `tarn run resume`." : "."));
            }
        } catch (IOException e) {
            throw new ConfigException(
                    "The run folder " + folder + " cannot be read (" + FileErrors.reason(e)
                            + "); give another with --run.",
                    e);
        }
    }

    /** Whether there is a run in a folder. */
    public static boolean exists(Path folder) {
        return Files.isRegularFile(folder.resolve(CONFIG));
    }

    /**
     * Continues a run, as its only writer.
     *
     * @throws ConfigException if it is not a run folder or another process writes to it
     */
    public static RunFolder open(Path folder) {
        RunSettings settings = readConfig(folder);
        return new RunFolder(folder, settings, RunLock.take(folder));
    }

    /**
     * Looks at a run without writing to it.
     *
     * @throws ConfigException if it is not a run folder
     */
    public static RunFolder view(Path folder) {
        return new RunFolder(folder, readConfig(folder), null);
    }

    /** The folder. */
    public Path path() {
        return folder;
    }

    /** The configuration that it was made with. */
    public RunSettings settings() {
        return settings;
    }

    /**
     * The configuration of a language model.
     *
     * @throws ConfigException if it is a run of a classifier
     */
    public RunConfig config() {
        if (settings instanceof RunConfig config) {
            return config;
        }
        throw new ConfigException(folder + " is the run of a classifier and has no language model;"
                + " use the `tarn clf` commands, or name the run of a language model.");
    }

    /**
     * The configuration of a classifier.
     *
     * @throws ConfigException if it is a run of a language model
     */
    public ClassifierConfig classifierConfig() {
        if (settings instanceof ClassifierConfig config) {
            return config;
        }
        throw new ConfigException(folder + " is the run of a language model and has no classifier;"
                + " use the `tarn lm` commands, or name a run that `tarn clf train` made.");
    }

    /**
     * Where it came from, as {@link Provenance} wrote it; empty where that is missing.
     *
     * @throws IOException if it cannot be read
     */
    public String provenance() throws IOException {
        Path file = folder.resolve(PROVENANCE);
        return Files.exists(file) ? Files.readString(file) : "";
    }

    /** A file or folder within, by its name. */
    public Path resolve(String name) {
        return folder.resolve(name);
    }

    /** The folder for checkpoints. */
    public Path checkpoints() {
        return folder.resolve("checkpoints");
    }

    /** Where the checkpoint of the latest state belongs. */
    public Path lastCheckpoint() {
        return lastCheckpoint(folder);
    }

    /** The same of a folder that may not be a run yet. */
    public static Path lastCheckpoint(Path run) {
        return run.resolve("checkpoints").resolve("last");
    }

    /** Where the checkpoint with the lowest validation loss belongs. */
    public Path bestCheckpoint() {
        return checkpoints().resolve("best");
    }

    /** The folder for pictures. */
    public Path plots() {
        return folder.resolve("plots");
    }

    /** The file of the metrics log, for {@link MetricsLog#read}. */
    public Path metricsFile() {
        return folder.resolve(METRICS);
    }

    /**
     * The log to append to, opened at the first call and closed with this.
     *
     * @throws IllegalStateException if this only looks at the run
     */
    public synchronized MetricsLog metrics() {
        if (lock == null) {
            throw new IllegalStateException("Metrics are appended only by the writer of a run");
        }
        if (metrics == null) {
            metrics = MetricsLog.open(metricsFile());
        }
        return metrics;
    }

    /** Deletes the run with everything in it and gives the lock back: for a start that failed before the first step. */
    public void discard() {
        close();
        clear(folder, false);
    }

    @Override
    public synchronized void close() {
        if (metrics != null) {
            metrics.close();
        }
        if (lock != null) {
            lock.close();
        }
    }

    private static RunSettings readConfig(Path folder) {
        Path file = folder.resolve(CONFIG);
        if (!exists(folder)) {
            throw new ConfigException(
                    folder + " is not a run folder: there is no " + CONFIG + " in it; check the path.");
        }
        return RunSettings.read(file);
    }

    /** Deletes what is in a folder, and the folder itself unless it is to be kept. */
    private static void clear(Path folder, boolean keep) {
        try (Stream<Path> walk = Files.walk(folder)) {
            List<Path> inside = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path path : inside) {
                if (!keep || !path.equals(folder)) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (IOException e) {
            throw new ConfigException(
                    "The run folder " + folder + " cannot be removed (" + FileErrors.reason(e) + ").", e);
        }
    }
}
