package dev.tarn.experiment;

import dev.tarn.ConfigException;
import dev.tarn.report.Plot;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import dev.tarn.run.Folders;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import dev.tarn.run.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The folder of an experiment, see the package. Several processes may use one at a time. */
final class ExperimentFolder {

    private static final String SETTINGS = "experiment.json";

    private final Path folder;

    ExperimentFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * Makes the folder, or sees that it is of the same experiment, and prepares the texts; one process at a time, others wait.
     * A start that fails leaves nothing.
     *
     * @throws ConfigException if the folder has another configuration, or is no experiment and not empty
     * @throws dev.tarn.DataException if the texts cannot be used
     */
    void open(ExperimentConfig config, Consumer<String> notes) {
        Map<String, String> settings = config.settings();
        try {
            if (!Files.exists(file()) && !isEmpty()) {
                throw new ConfigException("--out " + folder
                        + " is not the folder of an experiment and not empty; give a folder that does not exist yet.");
            }
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw cannotWrite(e);
        }
        locked(() -> {
            boolean isNew = !Files.exists(file());
            if (isNew) {
                AtomicFile.writeString(
                        file(),
                        JsonEvent.of("experiment").with("settings", settings).toJson() + "\n");
            } else {
                requireSame(settings);
            }
            try {
                config.texts().prepare(data(), config, notes);
            } catch (RuntimeException e) {
                if (isNew) {
                    Folders.delete(folder);
                }
                throw e;
            }
        });
    }

    /** What one process does at a time. */
    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private void locked(Work work) {
        RunLock lock = RunLock.await(folder);
        try {
            work.run();
        } catch (IOException e) {
            throw cannotWrite(e);
        } finally {
            lock.close();
        }
    }

    /** Looks at the folder of an experiment. */
    void requireExperiment() {
        if (!Files.exists(file())) {
            throw new ConfigException(
                    folder + " is not the folder of an experiment: there is no " + SETTINGS + " in it; check --out.");
        }
    }

    /** Whether nothing but the lock is there. */
    private boolean isEmpty() throws IOException {
        if (!Files.exists(folder)) {
            return true;
        }
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.allMatch(path -> path.endsWith(".lock"));
        }
    }

    private void requireSame(Map<String, String> settings) {
        Map<String, String> kept = settings();
        Map<String, String> all = new LinkedHashMap<>(kept);
        all.putAll(settings);
        for (String key : all.keySet()) {
            String before = kept.getOrDefault(key, "nothing");
            String now = settings.getOrDefault(key, "nothing");
            if (!before.equals(now)) {
                throw new ConfigException("The experiment in " + folder + " was begun with " + key + " = " + before
                        + ", not " + now + "; give the same again, or another folder with --out.");
            }
        }
    }

    /** Everything that the cells have in common, by name. */
    Map<String, String> settings() {
        List<JsonEvent> lines = MetricsLog.read(file());
        return lines.isEmpty() ? Map.of() : lines.get(0).texts("settings");
    }

    /** Where texts are prepared. */
    Path data() {
        return folder.resolve("data");
    }

    Cell cell(Arm arm, long seed) {
        return new Cell(arm, seed, folder.resolve(arm.name()).resolve(Long.toString(seed)));
    }

    /** What is known of all cells that anybody has worked on. */
    Results results() {
        List<Results.Found> found = new ArrayList<>();
        for (Path armFolder : folders(folder)) {
            for (Path cellFolder : folders(armFolder)) {
                if (Files.exists(cellFolder.resolve(Cell.LM_RESULT))) {
                    found.add(found(armFolder, cellFolder));
                }
            }
        }
        return new Results(found);
    }

    private Results.Found found(Path armFolder, Path cellFolder) {
        Cell cell = cell(
                Arm.parse(String.valueOf(armFolder.getFileName())),
                Long.parseLong(String.valueOf(cellFolder.getFileName())));
        LmResult lm = cell.lmResult();
        if (lm == null) {
            throw new ConfigException(
                    cellFolder.resolve(Cell.LM_RESULT) + " is damaged; remove it, and the cell is measured again.");
        }
        return new Results.Found(cell.arm(), cell.seed(), lm, cell.clfResult());
    }

    private static List<Path> folders(Path parent) {
        try (Stream<Path> inside = Files.list(parent)) {
            return inside.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            throw new ConfigException(
                    parent + " cannot be read (" + FileErrors.reason(e) + "); check its permissions.", e);
        }
    }

    /** Replaces the page; one process at a time, others wait. */
    void write(String page) {
        locked(() -> AtomicFile.writeString(folder.resolve("results.md"), page));
    }

    /**
     * Replaces the plots; one process at a time, others wait.
     *
     * @throws ConfigException if this machine cannot draw
     */
    void draw(Map<String, Plot> plots) {
        Path plotFolder = folder.resolve("plots");
        locked(() -> {
            Files.createDirectories(plotFolder);
            plots.forEach((name, plot) -> plot.write(plotFolder.resolve(name)));
        });
    }

    private Path file() {
        return folder.resolve(SETTINGS);
    }

    private ConfigException cannotWrite(IOException e) {
        return new ConfigException(
                "--out " + folder + " cannot be written (" + FileErrors.reason(e)
                        + "); give a folder that is writable.",
                e);
    }
}
