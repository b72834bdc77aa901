import { ACTIVATOR, KEPT, REACH, type Row, SERVING } from "./row.ts";
import { always, available, writes } from "./sights.ts";

const DEPLOYMENTS = writes("/deployments/");

/** What is wrong with the API server, or the way to it. */
export const serverRows: readonly Row[] = [
  {
    fault: "api-429:600",
    visible: DEPLOYMENTS,
    waiting: "<server> answers 429: Too many requests, please try again later; trying again",
    error: {
      what: `${ACTIVATOR} could not be written in time: the cluster answers 429: Too many requests, please try again later.`,
      why: KEPT,
      remedy: REACH,
    },
  },
  {
    fault: "api-503:600",
    visible: DEPLOYMENTS,
    waiting: "<server> answers 503: the server is currently unable to handle the request; trying again",
    error: {
      what: `${ACTIVATOR} could not be written in time: the cluster answers 503: the server is currently unable to handle the request`,
      why: KEPT,
      remedy: REACH,
    },
  },
  {
    fault: "api-away:600",
    visible: DEPLOYMENTS,
    waiting: "<server> refused the connection: nothing listens there; trying again",
    error: {
      what: `${ACTIVATOR} could not be written in time: <server> refused the connection: nothing listens there`,
      why: KEPT,
      remedy: REACH,
    },
  },
  { fault: "api-resets:600", visible: DEPLOYMENTS, waiting: "<server> closed the connection; trying again" },
  { fault: "api-slow:3", visible: DEPLOYMENTS, waiting: "<server> takes long to answer" },
  { fault: "watch-drops:600", visible: available(...SERVING), done: "webhook" },
  { fault: "watch-410:600", visible: available(...SERVING), done: "webhook" },
  { fault: "watch-lags:600", visible: available(...SERVING), done: "webhook" },
  {
    fault: "clock-skew:7200",
    title: "clock-skew, the server ahead",
    visible: always,
    certain: always,
    error: {
      what: "The cluster at <server> does not answer: <server> has a certificate that is not valid yet: compare the clocks.",
      remedy: /./,
      code: 2,
    },
    again: false,
  },
  {
    fault: "clock-skew:-7200",
    title: "clock-skew, the server behind",
    visible: always,
    note: "This machine's clock is 120 minutes ahead of the cluster's: a certificate that is made now is not valid there yet.",
  },
];
