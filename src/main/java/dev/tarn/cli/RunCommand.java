package dev.tarn.cli;

import dev.tarn.report.RunReport;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunFolder;
import dev.tarn.train.TrainingRun;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tarn run}. */
@Command(
        name = "run",
        description = "Go on with runs and look at them.",
        subcommands = {RunCommand.Resume.class, RunCommand.Report.class})
final class RunCommand extends TarnCommand.Group {

    RunCommand(Console console) {
        super(console);
    }

    /** {@code tarn run resume}. */
    @Command(name = "resume", description = "Go on with a run from its last checkpoint, as if it had not stopped.")
    static final class Resume extends TarnCommand {

        @Parameters(paramLabel = "RUN", description = "the folder of the run")
        private Path run = Path.of("");

        Resume(Console console) {
            super(console);
        }

        @Override
        void execute() {
            try (TrainingRun training = TrainingRun.resume(run, TrainingView.of(console))) {
                TrainingView.train(console, training);
            }
        }
    }

    /** {@code tarn run report}. */
    @Command(
            name = "report",
            description = "Write report.html: epochs, plots, configuration and provenance on one page.")
    static final class Report extends TarnCommand {

        @Parameters(paramLabel = "RUN", description = "the folder of the run")
        private Path run = Path.of("");

        Report(Console console) {
            super(console);
        }

        @Override
        void execute() {
            try (RunFolder folder = RunFolder.view(run)) {
                Path file = RunReport.write(folder);
                console.result(file.toString(), JsonEvent.of("report").with("file", file.toString()));
            }
        }
    }
}
