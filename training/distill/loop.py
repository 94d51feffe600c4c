"""The training loop on accelerate, whose work devices, mixed precision, several processes and accumulation are."""

import json
import math
import os
import shutil
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator
from tqdm import tqdm

from beast_core import BeastEncoder, encode_words
from beast_core.files import write_file
from training.common.devices import good_at_bfloat16
from training.distill.batches import Batch, Batches, check_distinct
from training.distill.checkpoint import load_checkpoint, save_checkpoint
from training.distill.losses import cosine_distance, distillation_losses, variance
from training.distill.optimiser import make_optimizer
from training.distill.settings import DistillSettings
from training.table import TeacherTable

# In huge pages a step over a large table is three in a hundred faster where the process keeps its freed memory (see
# `keep_freed_memory`), and more where it does not. Torch reads this when it first allocates.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

_LOG_EVERY = 10
# A student whose spread is below this share of its teacher's says nearly the same of every word. Not looked at in the
# first steps: a fresh network begins that way.
_COLLAPSED_SHARE = 0.05
_GRACE_STEPS = 100


class LearningStoppedError(RuntimeError):
    """Training went wrong for good: NaN, or the same vector for all words."""


class Interrupted(Exception):
    """The run was asked to stop and has saved a checkpoint."""


class Distillation:
    """One run: a student, its teacher table, a folder for its log and checkpoint.

    Raises `ValueError` when the table does not fit the encoder or the batch does not divide among the processes.
    """

    def __init__(
        self,
        settings: DistillSettings,
        *,
        table: TeacherTable,
        device: torch.device,
        output: Path,
        checkpoint_minutes: float = 2.0,
    ) -> None:
        config = settings.encoder_config()
        if table.width != config.output_width:
            raise ValueError(
                f"the teacher's vectors have {table.width} dimensions and the encoder gives {config.output_width}; "
                f"set encoder.output_width={table.width}, or make a table of that width"
            )
        check_distinct(table.words, config=config)
        self.settings, self.table, self.output = settings, table, output.resolve()
        self.accelerator = Accelerator(
            cpu=device.type == "cpu",
            mixed_precision="bf16" if good_at_bfloat16(device) else "no",
            gradient_accumulation_steps=settings.accumulation_steps,
        )
        _check_batches(settings, processes=self.accelerator.num_processes)
        torch.manual_seed(settings.seed)
        self.encoder = BeastEncoder(config)
        self.batches = Batches(
            table,
            config=config,
            batch_size=settings.batch_size,
            noise_share=settings.noise_share,
            frequency_power=settings.frequency_power,
            seed=settings.seed,
        )
        self.total_steps = settings.epochs * self.batches.per_epoch
        self._first_rounded = self.total_steps - math.ceil(settings.rounded_share * self.total_steps)
        optimizer, self.scheduler = make_optimizer(self.encoder, settings=settings, steps=self.total_steps)
        self.model, self.optimizer = self.accelerator.prepare(self.encoder, optimizer)
        self.step = 0
        self._seconds_before, self._started = 0.0, time.monotonic()
        self._checkpoint_seconds = 60 * checkpoint_minutes
        self._run = {**settings.to_dict(), "architecture": config.to_dict(), "table": table.digest}
        self._teacher_variance = float(variance(self.batches.targets))
        self._asked_to_stop = False

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return self.accelerator.is_main_process

    @property
    def checkpoint(self) -> Path:
        """The folder of the checkpoint."""
        return self.output / "checkpoint"

    @property
    def log_file(self) -> Path:
        """JSON lines: step, epoch, loss (the cosine distance), cosine, learning_rate, seconds trained, and now and then
        held_out_cosine."""
        return self.output / "log.jsonl"

    def restart(self) -> None:
        """Forgets the checkpoint and the log."""
        if self.is_main:
            shutil.rmtree(self.checkpoint, ignore_errors=True)
            self.log_file.unlink(missing_ok=True)
        self.accelerator.wait_for_everyone()

    def train(self) -> None:
        """Trains to the end, from the checkpoint if there is one, and leaves a checkpoint of the end.

        Raises `LearningStoppedError` on NaN or collapse, `Interrupted` after SIGINT or SIGTERM.
        """
        self._resume()
        # As the step before read it, also if that was the last and none follows.
        self.encoder.quantisation_aware(self.step > self._first_rounded)
        self._started = time.monotonic()
        handlers = {name: signal.signal(name, self._ask_to_stop) for name in (signal.SIGINT, signal.SIGTERM)}
        progress = tqdm(
            total=self.total_steps,
            initial=self.step,
            desc="distil",
            unit="step",
            mininterval=1.0,
            disable=not self.is_main,
        )
        try:
            self._steps(progress)
        finally:
            progress.close()
            for name, handler in handlers.items():
                signal.signal(name, handler)

    def _steps(self, progress: tqdm) -> None:
        last_saved = time.monotonic()
        evaluate_every = max(1, self.total_steps // self.settings.evaluations)
        while self.step < self.total_steps:
            epoch, start = divmod(self.step, self.batches.per_epoch)
            part, parts = self.accelerator.process_index, self.accelerator.num_processes
            for batch in self.batches.epoch(epoch, start=start, part=part, parts=parts):
                measured = self.train_batch(batch)
                self.step += 1
                progress.update()
                last = self.step == self.total_steps
                if self.step % _LOG_EVERY == 0 or last or self.step % evaluate_every == 0:
                    self._log(measured, progress, evaluate=last or self.step % evaluate_every == 0)
                due = time.monotonic() - last_saved > self._checkpoint_seconds
                stop = self._any(self._asked_to_stop)  # asked once: the signal may come between two looks
                if self._any(stop or last or due):
                    self._save()
                    last_saved = time.monotonic()
                if stop and not last:
                    raise Interrupted(f"at step {self.step} of {self.total_steps}; the same command goes on from here")

    def train_batch(self, batch: Batch) -> dict[str, torch.Tensor]:
        """One step of the optimiser; returns the batch's `loss` (the cosine distance) and the students' `variance`."""
        self.model.train()
        self.encoder.quantisation_aware(self.step >= self._first_rounded)
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
                self.optimizer.step()
                self.optimizer.zero_grad()
            distances.append(distance.detach())
            outputs.append(student.detach())
        self.scheduler.step()
        return {"loss": torch.stack(distances).mean(), "variance": variance(torch.cat(outputs))}

    def _log(self, measured: dict[str, torch.Tensor], progress: tqdm, *, evaluate: bool) -> None:
        both = torch.stack([measured["loss"], measured["variance"]])
        loss, spread = self.accelerator.reduce(both, reduction="mean").tolist()
        line: dict[str, Any] = {
            "step": self.step,
            "epoch": round(self.step / self.batches.per_epoch, 3),
            "loss": loss,
            "cosine": 1 - loss,
            "learning_rate": self.scheduler.get_last_lr()[-1],
            "seconds": round(self._seconds(), 1),
        }
        if not math.isfinite(loss):
            raise LearningStoppedError(self._diverged(f"the loss is {loss} at step {self.step}"))
        if self.step >= _GRACE_STEPS and spread < _COLLAPSED_SHARE * self._teacher_variance:
            raise LearningStoppedError(
                f"the student collapsed at step {self.step}: its vectors have variance {spread:.4f}, the teacher's "
                f"{self._teacher_variance:.4f}; lower learning_rate or weight_decay, and check the teacher table"
            )
        if evaluate:
            line["held_out_cosine"] = self._held_out_cosine()
        if self.is_main:
            progress.set_postfix({key: f"{line[key]:.4f}" for key in ("cosine", "held_out_cosine") if line.get(key)})
            with self.log_file.open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")

    def _seconds(self) -> float:
        """Of training, those before a stop among them."""
        return self._seconds_before + time.monotonic() - self._started

    def _diverged(self, what: str) -> str:
        return (
            f"{what}: lower learning_rate and embedding_learning_rate, or set gradient_norm, and start anew with "
            f"--restart or another --output; {self.checkpoint} is of an earlier step, if it is there"
        )

    @torch.no_grad()
    def _held_out_cosine(self) -> float | None:
        rows = self.table.held_out.nonzero()[0]
        if not len(rows):
            return None
        self.encoder.eval()
        total, device = 0.0, self.accelerator.device
        for chunk in torch.from_numpy(rows).split(2048):
            words = [self.table.words[row] for row in chunk]
            word_bytes, lengths = map(torch.from_numpy, encode_words(words, config=self.encoder.config))
            targets = torch.from_numpy(self.table.vectors[chunk.numpy()]).to(device)
            student = self.encoder(word_bytes.to(device), lengths.to(device))
            total += len(chunk) * (1 - float(cosine_distance(student.float(), targets)))
        return total / len(rows)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _any(self, flag: bool) -> bool:
        """Whether any process says so: all must save and stop at the same step."""
        if self.accelerator.num_processes == 1:
            return flag
        return bool(self.accelerator.reduce(torch.tensor(float(flag), device=self.accelerator.device)) > 0)

    def _save(self) -> None:
        if not all(parameter.isfinite().all() for parameter in self.encoder.parameters()):
            raise LearningStoppedError(self._diverged(f"the weights are not finite at step {self.step}"))
        if self.is_main:
            state = {
                "encoder": self.encoder.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict(),
                "seconds": self._seconds(),
            }
            save_checkpoint(self.checkpoint, state=state, step=self.step, run=self._run)
        self.accelerator.wait_for_everyone()

    def _resume(self) -> None:
        self.output.mkdir(parents=True, exist_ok=True)
        found = load_checkpoint(self.checkpoint, run=self._run, device=self.accelerator.device)
        if found is not None:
            self.step, state = found
            self.encoder.load_state_dict(state["encoder"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.scheduler.load_state_dict(state["scheduler"])
            self._seconds_before = state["seconds"]
            self.accelerator.print(f"going on from step {self.step} of {self.total_steps} ({self.checkpoint})")
        if self.is_main:
            lines = self.log_file.read_text(encoding="utf-8").splitlines() if self.log_file.exists() else []
            kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= self.step]
            write_file(self.log_file, "".join(f"{line}\n" for line in kept))


def _check_batches(settings: DistillSettings, *, processes: int) -> None:
    parts = processes * settings.accumulation_steps
    if settings.batch_size % parts:
        raise ValueError(
            f"batch_size {settings.batch_size} does not divide into {processes} processes x "
            f"{settings.accumulation_steps} accumulation_steps; make it a multiple of {parts}"
        )
