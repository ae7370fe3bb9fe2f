package dev.tarn.experiment;

import dev.tarn.ConfigException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import dev.tarn.run.Folders;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import dev.tarn.run.RunLock;
import dev.tarn.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An arm with a seed: its folder, and what has been found in it so far.
 *
 * @param folder {@code ARM/SEED} in the folder of the experiment; may not exist yet
 */
public record Cell(Arm arm, long seed, Path folder) {

    /** The file of {@link #lmResult} in the folder. */
    static final String LM_RESULT = "lm.json";

    private static final String CLF_RESULT = "clf.json";

    /** The run of the language model. */
    public Path lm() {
        return folder.resolve("lm");
    }

    /** The run of the classifier. */
    public Path clf() {
        return folder.resolve("clf");
    }

    /** What the language model came to, or null while that is open. */
    public @Nullable LmResult lmResult() {
        JsonEvent json = read(lmFile());
        return json == null ? null : LmResult.of(json);
    }

    /** What the classifier came to, or null while that is open. */
    public @Nullable ClfResult clfResult() {
        JsonEvent json = read(clfFile());
        return json == null ? null : ClfResult.of(json);
    }

    /** Whether nothing is left to do. */
    boolean isDone(boolean withClassifier) {
        LmResult lm = lmResult();
        return lm != null && (!withClassifier || lm.hasDiverged() || clfResult() != null);
    }

    void keep(LmResult result) {
        write(lmFile(), result.toJson());
    }

    void keep(ClfResult result) {
        write(clfFile(), result.toJson());
    }

    /** Deletes what is large of its runs: checkpoints and texts. */
    void dropModels() {
        for (Path run : List.of(lm(), clf())) {
            Folders.delete(run.resolve("checkpoints"));
            Folders.delete(run.resolve(TrainingRun.DATA));
        }
    }

    /** Takes the cell for this process, or gives null if another one works on it. */
    @Nullable
    RunLock tryLock() {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
        return RunLock.tryTake(folder);
    }

    @Override
    public String toString() {
        return arm.name() + ", seed " + seed;
    }

    private Path lmFile() {
        return folder.resolve(LM_RESULT);
    }

    private Path clfFile() {
        return folder.resolve(CLF_RESULT);
    }

    private static @Nullable JsonEvent read(Path file) {
        List<JsonEvent> lines = MetricsLog.read(file);
        return lines.isEmpty() ? null : lines.get(0);
    }

    private static void write(Path file, JsonEvent json) {
        try {
            AtomicFile.writeString(file, json.toJson() + "\n");
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    private static ConfigException cannotWrite(Path path, IOException e) {
        return new ConfigException(
                path + " cannot be written (" + FileErrors.reason(e) + "); give an --out folder that is writable.", e);
    }
}
