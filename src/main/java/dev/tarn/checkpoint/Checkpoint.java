package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import dev.tarn.run.Folders;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A folder with everything that the next training step depends on.
 *
 * <pre>
 *   model.safetensors       weights under fastai's names; readable without Tarn
 *   optimizer.safetensors   moments and averages (may hold nothing)
 *   hidden.safetensors      the state carried from window to window (may hold nothing)
 *   state.json              {@link TrainingState}
 *   manifest.txt            {@link Manifest}: size and CRC-32C of each of the above
 * </pre>
 *
 * <p>{@link #write} prepares a new folder beside the old one, syncs it and exchanges the two by renames, so a crash at any
 * point leaves the old checkpoint or the new one; {@link #open} finds it even when the crash fell between the renames.
 *
 * <p>Ownership: an open checkpoint holds its files open until closed, and keeps showing the one that it opened while a
 * newer one is published under the same name. Thread-safety: one writer for a folder; readers any time.
 */
public final class Checkpoint implements AutoCloseable {

    static final String MODEL = "model.safetensors";
    static final String OPTIMIZER = "optimizer.safetensors";
    static final String HIDDEN = "hidden.safetensors";
    static final String STATE = "state.json";

    /**
     * What is written.
     *
     * @param weights parameters under fastai's names
     * @param optimizer what the optimizer carries; empty for a model that is only evaluated
     * @param hidden the hidden state; empty if none is carried
     * @param metadata strings for the header of {@code model.safetensors}: format, version, sizes
     */
    public record Contents(
            List<TensorEntry> weights,
            List<TensorEntry> optimizer,
            List<TensorEntry> hidden,
            TrainingState state,
            Map<String, String> metadata) {}

    private final Path folder;
    private final Map<String, SafeTensorsFile> files;
    private final TrainingState state;

    private Checkpoint(Path folder, Map<String, SafeTensorsFile> files, TrainingState state) {
        this.folder = folder;
        this.files = files;
        this.state = state;
    }

    /**
     * Publishes a checkpoint under {@code folder}, in place of the one that is there.
     *
     * @throws CheckpointException if it cannot be written; the one that was there is then still there
     */
    public static void write(Path folder, Contents contents) {
        Path target = folder.toAbsolutePath().normalize();
        Path fresh = sibling(target, ".tmp");
        Path old = sibling(target, ".old");
        try {
            if (Files.exists(target) && !Files.exists(target.resolve(Manifest.NAME))) {
                throw new CheckpointException(
                        folder + " exists and is not a checkpoint of Tarn; give another name or remove it.");
            }
            Files.createDirectories(target.getParent() == null ? target : target.getParent());
            Folders.deleteTree(fresh);
            try {
                Files.createDirectory(fresh);
                writeFiles(fresh, contents);
                exchange(fresh, target, old);
            } finally {
                Folders.deleteTree(fresh);
            }
            if (target.getParent() != null) {
                AtomicFile.syncFolder(target.getParent());
            }
            Folders.deleteTree(old);
        } catch (IOException e) {
            throw new CheckpointException(
                    "Cannot write the checkpoint " + folder + ": " + FileErrors.reason(e)
                            + "; give a folder that is writable and has room.",
                    e);
        }
    }

    /** Whether {@link #open} would find a checkpoint there, whole or not. */
    public static boolean exists(Path folder) {
        return Files.exists(place(folder).resolve(Manifest.NAME));
    }

    /**
     * Opens a checkpoint after reading every file of it once and comparing checksums.
     *
     * @throws CheckpointException if there is none, or a file is missing, damaged or of another checkpoint
     */
    public static Checkpoint open(Path folder) {
        // A writer may exchange the folder between two of our reads; then the second try sees the new one.
        CheckpointException first;
        try {
            return openOnce(folder);
        } catch (CheckpointException e) {
            first = e;
        }
        try {
            return openOnce(folder);
        } catch (CheckpointException e) {
            e.addSuppressed(first);
            throw e;
        }
    }

    /** The folder that was opened. */
    public Path folder() {
        return folder;
    }

    /** The parameters. */
    public SafeTensorsFile weights() {
        return file(MODEL);
    }

    /** What the optimizer carries. */
    public SafeTensorsFile optimizer() {
        return file(OPTIMIZER);
    }

    /** The hidden state. */
    public SafeTensorsFile hidden() {
        return file(HIDDEN);
    }

    /** Everything that is not a tensor. */
    public TrainingState state() {
        return state;
    }

    @Override
    public void close() {
        files.values().forEach(SafeTensorsFile::close);
    }

    private SafeTensorsFile file(String name) {
        SafeTensorsFile file = files.get(name);
        if (file == null) {
            throw new IllegalStateException(name + " was not opened");
        }
        return file;
    }

    private static void writeFiles(Path folder, Contents contents) throws IOException {
        Map<String, List<TensorEntry>> tensors = new TreeMap<>();
        tensors.put(MODEL, contents.weights());
        tensors.put(OPTIMIZER, contents.optimizer());
        tensors.put(HIDDEN, contents.hidden());
        Map<String, Manifest.FileSum> sums = new TreeMap<>();
        for (Map.Entry<String, List<TensorEntry>> file : tensors.entrySet()) {
            Path path = folder.resolve(file.getKey());
            SafeTensors.write(path, file.getValue(), file.getKey().equals(MODEL) ? contents.metadata() : Map.of());
            try (SafeTensorsFile written = SafeTensors.read(path)) {
                sums.put(file.getKey(), written.sum());
            }
        }
        byte[] json = contents.state().toJson();
        sums.put(STATE, Manifest.sum(json));
        AtomicFile.write(folder.resolve(STATE), channel -> AtomicFile.writeFully(channel, ByteBuffer.wrap(json)));
        AtomicFile.writeString(folder.resolve(Manifest.NAME), new Manifest(sums).toString());
    }

    private static void exchange(Path fresh, Path target, Path old) throws IOException {
        boolean replaces = Files.exists(target);
        if (replaces) {
            Folders.deleteTree(old);
            AtomicFile.move(target, old);
        }
        try {
            AtomicFile.move(fresh, target);
        } catch (IOException e) {
            if (replaces) {
                AtomicFile.move(old, target);
            }
            throw e;
        }
    }

    private static Checkpoint openOnce(Path folder) {
        Path place = place(folder);
        Map<String, SafeTensorsFile> files = new TreeMap<>();
        try {
            Manifest manifest = Manifest.read(place);
            byte[] json = readState(place.resolve(STATE), manifest);
            for (String name : List.of(MODEL, OPTIMIZER, HIDDEN)) {
                SafeTensorsFile file = SafeTensors.read(place.resolve(name));
                files.put(name, file);
                manifest.check(file.file(), file.sum());
            }
            return new Checkpoint(
                    folder, files, TrainingState.parse(place.resolve(STATE).toString(), json));
        } catch (NoSuchFileException e) {
            closeAll(files);
            throw new CheckpointException(
                    "There is no whole checkpoint in " + folder + ": " + e.getFile() + " is missing; check the path.",
                    e);
        } catch (IOException e) {
            closeAll(files);
            throw new CheckpointException(
                    "Cannot read the checkpoint " + folder + ": " + FileErrors.reason(e) + ".", e);
        } catch (CheckpointException e) {
            closeAll(files);
            throw e;
        }
    }

    private static void closeAll(Map<String, SafeTensorsFile> files) {
        files.values().forEach(SafeTensorsFile::close);
    }

    private static byte[] readState(Path file, Manifest manifest) throws IOException {
        long bytes = Files.size(file);
        Manifest.FileSum listed = manifest.files().get(STATE);
        if (listed == null || bytes != listed.bytes()) {
            // Said before reading, so that a file grown out of all proportion is not read into memory.
            manifest.check(file, new Manifest.FileSum(bytes, 0));
        }
        byte[] json = Files.readAllBytes(file);
        manifest.check(file, Manifest.sum(json));
        return json;
    }

    /** The folder itself, or what a crash between the two renames of {@link #write} left instead. */
    private static Path place(Path folder) {
        Path target = folder.toAbsolutePath().normalize();
        Path old = sibling(target, ".old");
        return !Files.exists(target) && Files.exists(old) ? old : target;
    }

    private static Path sibling(Path folder, String ending) {
        Path name = folder.getFileName();
        if (name == null) {
            throw new CheckpointException(folder + " cannot hold a checkpoint; name a folder within it.");
        }
        return folder.resolveSibling("." + name + ending);
    }
}
