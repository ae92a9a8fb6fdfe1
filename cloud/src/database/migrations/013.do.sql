-- A lane has one worker, so a lane's claimed jobs are among those of its worker.
DROP INDEX cloud.job_of_lane;
