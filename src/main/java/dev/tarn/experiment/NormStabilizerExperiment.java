package dev.tarn.experiment;

import dev.tarn.ConfigException;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunLock;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Trains every arm with every seed and compares them; see the package for what and why. This is what
 * {@code tarn experiment norm-stabilizer} drives.
 *
 * <p>What is done already is left alone, so the same call goes on with an interrupted experiment, adds arms or seeds to one,
 * or takes a share of it: cells that other processes work on are passed by.
 */
public final class NormStabilizerExperiment {

    private final ExperimentConfig config;
    private final ExperimentFolder folder;
    private final ExperimentView view;
    private final List<String> command;

    /**
     * An experiment that has not begun.
     *
     * @param folder made at {@link #run} unless it is there
     * @param view told what happens
     * @param command the words of the command line, for the provenance of runs
     */
    public NormStabilizerExperiment(ExperimentConfig config, Path folder, ExperimentView view, List<String> command) {
        this.config = config;
        this.folder = new ExperimentFolder(folder);
        this.view = view;
        this.command = List.copyOf(command);
    }

    /**
     * Does what is left of some cells, seed by seed, so that comparable arms are finished early.
     *
     * @throws dev.tarn.ConfigException if the folder has another configuration
     * @throws dev.tarn.TarnException if a training fails, other than by diverging; what was finished before stays
     */
    public void run(Plan plan) {
        folder.open(config, view::note);
        boolean withClassifier = plan.withClassifier() && config.texts().hasLabels();
        int busy = 0;
        for (long seed : plan.seeds()) {
            for (Arm arm : plan.arms()) {
                if (!run(folder.cell(arm, seed), withClassifier, plan.keepsModels())) {
                    busy++;
                }
            }
        }
        if (busy > 0) {
            view.note("Cells that other processes work on: " + busy
                    + "; --report-only makes the table once they are done.");
        }
    }

    /** Does what is left of a cell; false if another process works on it. */
    private boolean run(Cell cell, boolean withClassifier, boolean keepsModels) {
        if (cell.isDone(withClassifier)) {
            return true;
        }
        try (@Nullable RunLock lock = cell.tryLock()) {
            if (lock == null) {
                return false;
            }
            // Read anew: whoever had the lock before may have finished it.
            LmResult lm = cell.lmResult();
            if (lm == null) {
                view.begins(cell, "lm");
                lm = new LmPart(config, command).run(cell, config.texts().lmFolder(folder.data()), view.watchers());
                cell.keep(lm);
                view.ends(cell, lm);
            }
            if (!cell.isDone(withClassifier)) {
                view.begins(cell, "clf");
                ClfResult clf = new ClfPart(config, command)
                        .run(cell, config.texts().clfFolder(folder.data()), view.watchers());
                cell.keep(clf);
                view.ends(cell, clf);
            }
            if (!keepsModels && cell.isDone(config.texts().hasLabels())) {
                cell.dropModels();
            }
            return true;
        }
    }

    /**
     * What the finished cells of an experiment say, by whichever process they were done; writes {@code results.md} and the
     * plots.
     *
     * @param path the folder
     * @param view told if this machine cannot draw
     * @throws ConfigException if it is not the folder of an experiment
     */
    public static Report report(Path path, ExperimentView view) {
        ExperimentFolder folder = new ExperimentFolder(path);
        folder.requireExperiment();
        Results results = folder.results();
        ResultsPage page = new ResultsPage(results);
        String markdown = page.markdown(folder.settings());
        folder.write(markdown);
        try {
            folder.draw(ResultsPlots.of(results));
        } catch (ConfigException e) {
            view.note(e.sentence());
        }
        return new Report(results, markdown, page.events());
    }

    /**
     * What the cells say, in three forms.
     *
     * @param page Markdown
     * @param events lines of JSON
     */
    public record Report(Results results, String page, List<JsonEvent> events) {

        public Report {
            events = List.copyOf(events);
        }
    }
}
