"use strict";
// Shows the document with Swagger UI: a filter over everything a call says, code to copy, tokens taken from log-ins.
const page = document.documentElement;
const chinese = page.lang === "zh";
const say = (english, inChinese) => (chinese ? inChinese : english);

const UI = {
  "Try it out": "试一试",
  Cancel: "取消",
  Reset: "重置",
  Execute: "发送请求",
  Clear: "清除",
  Parameters: "参数",
  Responses: "应答",
  Response: "应答",
  "Request body": "请求体",
  "Request URL": "请求地址",
  "Server response": "节点应答",
  "Response body": "应答体",
  "Response headers": "应答头",
  "Response content type": "应答类型",
  "No parameters": "无参数",
  "Example Value": "示例",
  "Examples": "示例",
  "Examples: ": "示例：",
  Schema: "结构",
  Schemas: "数据结构",
  Name: "名称",
  Description: "说明",
  Code: "状态",
  Details: "详情",
  Links: "链接",
  "No links": "无",
  "Media type": "类型",
  Servers: "节点",
  Authorize: "授权",
  Authorized: "已授权",
  Logout: "注销",
  Close: "关闭",
  "Available authorizations": "可用的授权方式",
  Download: "下载",
  required: "必填",
};

const operationText = (tag, entry) => {
  const operation = entry.get("operation");
  const words = [tag, entry.get("path"), entry.get("method")];
  for (const name of ["summary", "description", "operationId"]) words.push(operation.get(name) || "");
  for (const each of operation.get("parameters") || []) {
    words.push(each.get("name") || "", each.get("description") || "");
  }
  return words.join(" ").toLowerCase();
};

// Swagger UI's own filter knows names of groups only.
const opsFilter = (groups, phrase) => {
  const wanted = phrase.trim().toLowerCase();
  return groups
    .map((group, tag) =>
      group.update("operations", (entries) =>
        entries.filter((entry) => operationText(tag, entry).includes(wanted))))
    .filter((group) => group.get("operations").size > 0);
};

const DEFAULT_BASE = "http://127.0.0.1:8000";

const samples = (system) => {
  const { createElement, useState } = system.React;
  return ({ path, method }) => {
    const [chosen, choose] = useState(0);
    const [copied, setCopied] = useState(false);
    const found = system.specSelectors.specJson().getIn(["paths", path, method, "x-codeSamples"]);
    if (!found) return null;
    // The document is the same for every node; what is copied is for this one.
    const source = found.getIn([chosen, "source"]).split(DEFAULT_BASE).join(location.origin);
    const copy = () => navigator.clipboard.writeText(source).then(() => setCopied(true));
    const tabs = found.toArray().map((each, place) =>
      createElement(
        "button",
        {
          key: place,
          type: "button",
          className: place === chosen ? "sample-tab chosen" : "sample-tab",
          onClick: () => { choose(place); setCopied(false); },
        },
        each.get("label")));
    const button = createElement(
      "button",
      { type: "button", className: "sample-copy", onClick: copy },
      copied ? say("copied", "已复制") : say("copy", "复制"));
    return createElement(
      "div",
      { className: "samples" },
      createElement("div", { className: "sample-tabs" }, tabs, button),
      createElement("pre", { className: "sample-source" }, source));
  };
};

const plugin = () => ({
  fn: { opsFilter },
  wrapComponents: {
    responses: (Original, system) => {
      const Samples = samples(system);
      const { createElement } = system.React;
      return (props) => createElement(
        "div", null, createElement(Samples, props), createElement(Original, props));
    },
  },
});

const LOGINS = {
  "/identity/token": "bearer",
  "/identity/token/v1": "bearer",
  "/api/v1/doip/public/verify-response": "application",
};

const takeToken = (response) => {
  const scheme = LOGINS[new URL(response.url, location.href).pathname];
  const token = scheme && response.obj && response.obj.data && response.obj.data.token;
  if (token) window.ui.preauthorizeApiKey(scheme, token);
  return response;
};

const translate = (root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const found = UI[node.nodeValue] || UI[node.nodeValue.trim()];
    if (found) node.nodeValue = found;
  }
};

const dress = () => {
  const filter = document.querySelector(".operation-filter-input");
  const wanted = say("Filter by any word", "按任意词过滤，如：标识、授权、前缀");
  if (filter && filter.placeholder !== wanted) filter.placeholder = wanted;
  if (chinese) translate(document.getElementById("ui"));
};

window.ui = SwaggerUIBundle({
  url: `openapi.json?lang=${page.lang}`,
  dom_id: "#ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  plugins: [plugin],
  presets: [SwaggerUIBundle.presets.apis],
  responseInterceptor: takeToken,
  validatorUrl: null,
});
new MutationObserver(dress).observe(document.getElementById("ui"), { childList: true, subtree: true });
