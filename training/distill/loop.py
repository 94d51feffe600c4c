"""The training loop on accelerate, whose work devices, mixed precision, several processes and accumulation are."""

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor
from tqdm import tqdm

from beast_core import BeastEncoder, EncoderConfig, read_encoder
from training.common.agreement import check_same_origin
from training.common.devices import choose_precision
from training.common.errors import InputError
from training.common.settings import differences
from training.distill.batches import Batch, Batches, check_distinct
from training.distill.losses import distillation_losses, variance
from training.distill.monitoring import Expected, check_learning, check_weights, held_out_cosine
from training.distill.optimiser import make_optimiser
from training.distill.settings import DistillSettings
from training.distill.stopping import Interrupted, StopRequest, noted_signals
from training.run_folder import LogLine, RunFolder, RunRecord, read_log
from training.table import TeacherTable

_LOG_EVERY = 10

# What accelerate calls it when weights are in float32 and matrix products in this.
_MIXED_PRECISION = {torch.float32: "no", torch.bfloat16: "bf16"}


@dataclass(frozen=True)
class Measured:
    """Of one batch: the mean cosine distance, and the variance of the students' vectors. Scalars on the device."""

    loss: Tensor
    variance: Tensor


class Distillation:
    """One run: a student, its teacher table, a folder for its log and checkpoint.

    The student is of the table's language and space. Raises `InputError` when the table does not fit the encoder or the
    settings' language, the batch does not divide among the processes, or the model to start from has another shape.
    """

    def __init__(
        self,
        settings: DistillSettings,
        *,
        table: TeacherTable,
        device: torch.device,
        output: Path,
        precision: str = "auto",
        checkpoint_minutes: float = 2.0,
    ) -> None:
        settings = settings.in_language(table.language)
        config = replace(settings.encoder_config(), space=table.space)
        if table.width != config.output_width:
            raise InputError(
                f"the teacher's vectors have {table.width} dimensions and the encoder gives {config.output_width}; "
                f"set encoder.output_width={table.width}, or make a table of that width"
            )
        check_distinct(table.words, config=config)
        self.settings, self.table, self.folder = settings, table, RunFolder(output.resolve())
        self.accelerator = Accelerator(
            cpu=device.type == "cpu",
            mixed_precision=_MIXED_PRECISION[choose_precision(precision, device=device)],
            gradient_accumulation_steps=settings.accumulation_steps,
        )
        _check_batches(settings, processes=self.accelerator.num_processes)
        torch.manual_seed(settings.seed)
        self.encoder = BeastEncoder(config)
        if settings.start:
            self.encoder.load_state_dict(_started(settings.start, config=config))
        self.batches = Batches(
            table,
            config=config,
            batch_size=settings.batch_size,
            language=settings.language,
            noise_share=settings.noise_share,
            frequency_power=settings.frequency_power,
            seed=settings.seed,
        )
        self.total_steps = settings.epochs * self.batches.per_epoch
        self._first_quantised = self.total_steps - math.ceil(settings.quantisation_aware_share * self.total_steps)
        optimiser, self.scheduler = make_optimiser(self.encoder, settings=settings, steps=self.total_steps)
        self.model, self.optimiser = self.accelerator.prepare(self.encoder, optimiser)
        self.step = 0
        self._seconds_before = 0.0
        self._started = self._last_saved = time.monotonic()
        self._checkpoint_seconds = 60 * checkpoint_minutes
        self._record = RunRecord.from_dict(
            {**settings.to_dict(), "table": table.digest, "architecture": config.to_dict()}
        )
        self._teacher_variance = float(variance(self.batches.targets))
        self._expected = Expected.of(settings, table=table, batches=self.batches, steps=self.total_steps)

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return bool(self.accelerator.is_main_process)

    def restart(self) -> None:
        """Forgets the checkpoint and the log."""
        if self.is_main:
            self.folder.forget()
        self.accelerator.wait_for_everyone()

    def train(self) -> None:
        """Trains to the end, from the checkpoint if there is one, and leaves a checkpoint of the end.

        Raises `LearningStoppedError` on NaN, collapse, or a cosine that does not rise, `Interrupted` after SIGINT or
        SIGTERM.
        """
        self._resume()
        # As the step before read it, also if that was the last and none follows.
        self.encoder.quantisation_aware(self.step > self._first_quantised)
        self._started = self._last_saved = time.monotonic()
        with noted_signals() as request, self._progress() as progress:
            while self.step < self.total_steps:
                self._train_epoch(progress, request=request)

    def learnt_nothing(self) -> str | None:
        """What there is to say of a run that was too short to be stopped for it, and is no better than one vector."""
        if self._expected.reached(read_log(self.folder.log_file)[-1]):
            return None
        return "the student has learnt no more than one vector for all words: give it more epochs"

    def summary(self) -> str:
        """What the last line of the log says of the cosine to the teacher, beside what one vector for all words has."""
        line, expected = read_log(self.folder.log_file)[-1], self._expected
        text = f"cosine to the teacher: {line.cosine:.3f} of the last batch (one vector for all: {expected.learnt:.3f})"
        if line.held_out_cosine is None:
            return text
        return f"{text}, {line.held_out_cosine:.3f} of words held out ({expected.held_out:.3f})"

    def _progress(self) -> tqdm:
        return tqdm(
            total=self.total_steps,
            initial=self.step,
            desc="distil",
            unit="step",
            mininterval=1.0,
            disable=not self.is_main,
        )

    def _train_epoch(self, progress: tqdm, *, request: StopRequest) -> None:
        """The steps that are left of an epoch."""
        epoch, start = divmod(self.step, self.batches.per_epoch)
        part, parts = self.accelerator.process_index, self.accelerator.num_processes
        evaluate_every = max(1, self.total_steps // self.settings.evaluations)
        for batch in self.batches.epoch(epoch, start=start, part=part, parts=parts):
            measured = self.train_batch(batch)
            self.step += 1
            progress.update()
            last = self.step == self.total_steps
            evaluate = last or self.step % evaluate_every == 0
            if evaluate or self.step % _LOG_EVERY == 0:
                self._log(measured, progress, evaluate=evaluate)
            due = time.monotonic() - self._last_saved > self._checkpoint_seconds
            stop = self._any(request.made)  # asked once: the signal may come between two looks
            if self._any(stop or last or due):
                self._save()
            if stop and not last:
                raise Interrupted(f"at step {self.step} of {self.total_steps}; the same command goes on from here")

    def train_batch(self, batch: Batch) -> Measured:
        """One step of the optimiser, without the counting of it."""
        self.model.train()
        self.encoder.quantisation_aware(self.step >= self._first_quantised)
        count = self.settings.accumulation_steps
        device = self.accelerator.device
        candidates = batch.candidates.to(device, non_blocking=True)
        pieces = zip(*(tensor.chunk(count) for tensor in (batch.word_bytes, batch.lengths, batch.rows)), strict=True)
        distances, outputs = [], []
        for piece in pieces:
            word_bytes, lengths, rows = (tensor.to(device, non_blocking=True) for tensor in piece)
            with self.accelerator.accumulate(self.model):
                student = self.model(word_bytes, lengths)
                distance, other = distillation_losses(student, candidates=candidates, rows=rows, settings=self.settings)
                self.accelerator.backward(distance + other)
                if self.accelerator.sync_gradients and self.settings.gradient_norm:
                    self.accelerator.clip_grad_norm_(self.model.parameters(), self.settings.gradient_norm)
                self.optimiser.step()
                self.optimiser.zero_grad()
            distances.append(distance.detach())
            outputs.append(student.detach())
        self.scheduler.step()
        return Measured(torch.stack(distances).mean(), variance(torch.cat(outputs)))

    def _log(self, measured: Measured, progress: tqdm, *, evaluate: bool) -> None:
        both = torch.stack([measured.loss, measured.variance])
        loss, spread = self.accelerator.reduce(both, reduction="mean").tolist()
        check_learning(loss=loss, variance=spread, teacher_variance=self._teacher_variance, step=self.step)
        device = self.accelerator.device
        line = LogLine(
            step=self.step,
            epoch=round(self.step / self.batches.per_epoch, 3),
            loss=loss,
            cosine=1 - loss,
            learning_rate=float(self.scheduler.get_last_lr()[-1]),
            seconds=round(self._seconds(), 1),
            held_out_cosine=held_out_cosine(self.encoder, table=self.table, device=device) if evaluate else None,
        )
        if self.is_main:
            shown = {"cosine": line.cosine, "held_out_cosine": line.held_out_cosine}
            progress.set_postfix({name: f"{value:.4f}" for name, value in shown.items() if value is not None})
            self.folder.append_log(line)
        if evaluate:
            self._expected.check(line)

    def _seconds(self) -> float:
        """Of training, those before a stop among them."""
        return self._seconds_before + time.monotonic() - self._started

    def _any(self, flag: bool) -> bool:
        """Whether any process says so: all must save and stop at the same step."""
        if self.accelerator.num_processes == 1:
            return flag
        return bool(self.accelerator.reduce(torch.tensor(float(flag), device=self.accelerator.device)) > 0)

    def _save(self) -> None:
        check_weights(self.encoder, step=self.step)
        if self.is_main:
            state = {
                "encoder": self.encoder.state_dict(),
                "optimizer": self.optimiser.state_dict(),
                "scheduler": self.scheduler.state_dict(),
                "seconds": self._seconds(),
            }
            self.folder.save_checkpoint(state, step=self.step, run=self._record)
        self.accelerator.wait_for_everyone()
        self._last_saved = time.monotonic()

    def _resume(self) -> None:
        found = self.folder.load_checkpoint(self._record, device=self.accelerator.device)
        if found is not None:
            self.step, state = found
            self.encoder.load_state_dict(state["encoder"])
            self.optimiser.load_state_dict(state["optimizer"])
            self.scheduler.load_state_dict(state["scheduler"])
            self._seconds_before = state["seconds"]
            self.accelerator.print(f"going on from step {self.step} of {self.total_steps} ({self.folder.checkpoint})")
        if self.is_main:
            self.folder.start_log(self.step)


def _started(model: str, *, config: EncoderConfig) -> dict[str, Tensor]:
    """The weights of the model that a run goes on from, which has to be of the table's language and space."""
    encoder = read_encoder(model)
    advice = "give a table that it can learn on from, or leave start out"
    check_same_origin({f"the model {model}": encoder.config, "the table": config}, advice=advice)
    if encoder.config.network != config.network:
        changed = differences(encoder.config.network.to_dict(), now=config.network.to_dict())
        raise InputError(f"cannot go on from {model}, an encoder of another shape: {'; '.join(changed)}")
    return encoder.state_dict()


def _check_batches(settings: DistillSettings, *, processes: int) -> None:
    parts = processes * settings.accumulation_steps
    if settings.batch_size % parts:
        raise InputError(
            f"batch_size {settings.batch_size} does not divide into {processes} processes x "
            f"{settings.accumulation_steps} accumulation_steps; make it a multiple of {parts}"
        )
